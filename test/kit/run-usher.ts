import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

const entry = new URL('../../src/cli/main.ts', import.meta.url).href;
// The launcher in bin/ prefers what is built; tests want the source as it is.
const program = `const program = ['-e', process.execArgv.at(-1), '--'];
import(${JSON.stringify(entry)}).then(async ({ main }) => { process.exitCode = await main(process.argv.slice(1), process.env, { program }); })`;

export interface UsherOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly cwd?: string;
  /** Limit of files and connections it may have open at once. */
  readonly openFiles?: number;
}

export interface UsherResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the command line as a process of its own; it goes with the test at the latest. */
export function startUsher(context: TestContext, args: readonly string[], options: UsherOptions = {}): ChildProcess {
  const { PATH = '' } = process.env;
  // What it keeps, and which clients it finds, is the test's own; each call has servers of its own, unless it has a home.
  const HOME = join(tmpdir(), 'home');
  const states = join(tmpdir(), `state-${randomUUID()}`);
  const own = options.env?.['HOME'] === undefined ? { XDG_STATE_HOME: states } : {};
  const words = [process.execPath, '-e', program, '--', ...args];
  const limited = ['/bin/sh', '-c', `ulimit -n ${options.openFiles}; exec "$@"`, 'sh', ...words];
  const [command = '', ...rest] = options.openFiles === undefined ? words : limited;
  const child = spawn(command, rest, {
    cwd: options.cwd,
    env: { PATH, HOME, ...own, ...options.env },
    stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  context.after(() => {
    child.kill('SIGKILL');
    rmSync(states, { recursive: true, force: true, maxRetries: 5 });
  });
  child.stdin?.on('error', () => {}); // it may end before it has read everything
  child.stdin?.end(options.stdin);
  return child;
}

/** Collects what a process says until it ends. */
export async function collectResult(child: ChildProcess): Promise<UsherResult> {
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => (texts[name] += text));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...texts };
}

/** Runs the command line to its end. */
export function runUsher(context: TestContext, args: readonly string[], options?: UsherOptions): Promise<UsherResult> {
  return collectResult(startUsher(context, args, options));
}
