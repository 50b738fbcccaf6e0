import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { makeFolder } from './config-input.ts';
import { runUsher, startUsher, type UsherOptions, type UsherResult } from './run-usher.ts';

/** A user with a home of their own, in which servers run in the background. */
export interface TestMachine {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  /** A file of a server. */
  file(name: string, base: string): string;
  /** What stands in one. */
  read(name: string, base: string): string;
  /** Runs the command line to its end. */
  usher(args: readonly string[], options?: UsherOptions): Promise<UsherResult>;
  start(args: readonly string[], options?: UsherOptions): ReturnType<typeof startUsher>;
  /** What `usher list --json` says of a server. */
  look(name: string): Promise<Readonly<Record<string, unknown>> | undefined>;
}

/** Makes one; its servers are killed when the test ends. */
export function makeMachine(context: TestContext, more: Readonly<Record<string, string>> = {}): TestMachine {
  // First, so that it runs before the folder goes.
  context.after(() => killAll());
  const home = makeFolder(context);
  const env = { HOME: home, XDG_STATE_HOME: join(home, 'state'), ...more };
  const servers = join(env.XDG_STATE_HOME, 'usher/servers');
  mkdirSync(home, { recursive: true });
  const killAll = (): void => {
    for (const name of readNames(servers)) {
      const pid = pidOf(join(servers, name, 'run.json'));
      if (pid === undefined || pid === process.pid) continue;
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
  };
  const withEnv = (options: UsherOptions = {}): UsherOptions => ({ ...options, env: { ...env, ...options.env } });
  const usher = (args: readonly string[], options?: UsherOptions) => runUsher(context, args, withEnv(options));
  return {
    home,
    env,
    file: (name, base) => join(servers, name, base),
    read: (name, base) => readFileSync(join(servers, name, base), 'utf8'),
    usher,
    start: (args, options) => startUsher(context, args, withEnv(options)),
    async look(name) {
      const { stdout, stderr } = await usher(['list', '--json']);
      if (stdout === '') throw new Error(stderr);
      const all = JSON.parse(stdout) as readonly Readonly<Record<string, unknown>>[];
      return all.find((one) => one['name'] === name);
    },
  };
}

function readNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Of one that has not ended by itself: the id of another may be the same by then. */
function pidOf(file: string): number | undefined {
  try {
    const run = JSON.parse(readFileSync(file, 'utf8')) as { process: { pid: number }; end?: unknown };
    return run.end === undefined ? run.process.pid : undefined;
  } catch {
    return undefined;
  }
}
