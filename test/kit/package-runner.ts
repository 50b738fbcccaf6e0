import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { freePort } from './free-port.ts';
import { startUsher } from './run-usher.ts';
import { askEngine, buildImage, engineUrl, nodeImage } from './test-engine.ts';
import { until } from './until.ts';

/** A machine that runs packages in containers, with an image for it. */
export interface PackageRunner {
  readonly image: string;
  readonly home: string;
  /** Starts `usher run` there, in the foreground and open to all. */
  run(words: readonly string[]): Promise<RunningPackage>;
}

export interface RunningPackage {
  readonly url: string;
  /** Null as long as it runs. */
  exitCode(): number | null;
  stderr(): string;
  /** Stops it and waits for its end. */
  stop(): Promise<void>;
}

/** Makes one. What it fetched is taken away with it.
 * @param name of the image
 * @param program JavaScript that stands in for the image's entry point and for npx, which would need a registry of npm within the container
 */
export async function makePackageRunner(context: TestContext, name: string, program: string): Promise<PackageRunner> {
  const lines = [
    `FROM ${nodeImage}`,
    'COPY runner.mjs /runner.mjs',
    'USER 0',
    'ENTRYPOINT ["/usr/bin/node", "/runner.mjs"]',
  ];
  const image = await buildImage(context, name, lines, { 'runner.mjs': program });
  const home = await mkdtemp(join(tmpdir(), 'usher-contained-'));
  context.after(() => rm(home, { recursive: true, force: true }));
  const before = await listVolumes();
  context.after(async () => {
    for (const volume of await listVolumes())
      if (!before.includes(volume)) await askEngine('DELETE', `/volumes/${volume}`);
  });
  return {
    image,
    home,
    async run(words) {
      const port = await freePort();
      const open = ['run', '--foreground', '--anonymous', '--port', `${port}`];
      const kept = ['--audit-file', join(home, 'audit.jsonl'), '--engine', engineUrl, '--pull', 'never'];
      const child = startUsher(context, [...open, ...kept, ...words], { env: { HOME: home } });
      let stderr = '';
      child.stderr?.setEncoding('utf8').on('data', (more: string) => (stderr += more));
      return {
        url: `http://127.0.0.1:${port}/mcp`,
        exitCode: () => child.exitCode,
        stderr: () => stderr,
        async stop() {
          child.kill('SIGTERM');
          await until(() => child.exitCode !== null, 30_000);
        },
      };
    },
  };
}

/** Where packages that were fetched are kept. */
async function listVolumes(): Promise<readonly string[]> {
  const { body } = await askEngine<{ Volumes: readonly { Name: string }[] | null }>('GET', '/volumes');
  return (body.Volumes ?? []).map(({ Name }) => Name).filter((name) => name.startsWith('usher-packages-'));
}
