import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '../../src/lib/find-free-port.ts';

const extension = fileURLToPath(new URL('extension', import.meta.url));

export interface RunningCodeServer extends AsyncDisposable {
  readonly url: string;
}

/** VS Code, in a browser: of this home folder, whose settings are those of a desktop VS Code, with the extension beside this
 * file and nothing else.
 * @param program code-server's own entry
 */
export async function startCodeServer(
  program: string,
  { home, answerFile }: { readonly home: string; readonly answerFile: string },
): Promise<RunningCodeServer> {
  const port = await findFreePort(28_443);
  const [extensions, workspace] = [join(home, 'extensions'), join(home, 'workspace')];
  await mkdir(workspace, { recursive: true });
  await cp(extension, join(extensions, 'usher-test.call-tool-1.0.0'), { recursive: true });
  await writeFile(join(extensions, 'extensions.json'), JSON.stringify([describeExtension(extensions)]));
  const child = spawn(
    process.execPath,
    [
      program,
      '--auth',
      'none',
      '--bind-addr',
      `127.0.0.1:${port}`,
      '--user-data-dir',
      join(home, '.config/Code'),
      '--extensions-dir',
      extensions,
      '--config',
      join(home, 'code-server.yaml'),
      '--disable-telemetry',
      '--disable-update-check',
      '--disable-workspace-trust',
      '--disable-getting-started-override',
      workspace,
    ],
    {
      env: { PATH: process.env['PATH'] ?? '', HOME: home, TOOL_ANSWER_FILE: answerFile },
      stdio: 'ignore',
      // A group of its own: its extension hosts go on for hours after the last page was closed.
      detached: true,
    },
  );
  const url = `http://127.0.0.1:${port}`;
  const end = () => void (child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'));
  process.once('exit', end);
  for (let attempt = 0; !(await answers(url)); attempt += 1) {
    if (attempt > 120 || child.exitCode !== null) throw new Error(`code-server does not answer at ${url}`);
    await sleep(500);
  }
  return {
    url: `${url}/?folder=${encodeURIComponent(workspace)}`,
    async [Symbol.asyncDispose]() {
      process.off('exit', end);
      const exited = once(child, 'exit');
      end();
      await exited;
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/healthz`).catch(() => undefined);
  return answer?.ok === true;
}

function describeExtension(folder: string): object {
  const relativeLocation = 'usher-test.call-tool-1.0.0';
  return {
    identifier: { id: 'usher-test.call-tool' },
    version: '1.0.0',
    location: { $mid: 1, path: join(folder, relativeLocation), scheme: 'file' },
    relativeLocation,
    metadata: { installedTimestamp: 1, source: 'vsix' },
  };
}
