import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Does its stdin stay open behind the input, as that of a server which speaks over it? */
  readonly holdsInput?: true;
  readonly cwd?: string;
  readonly timeoutMs?: number;
}

export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, or kills it at the time limit, and returns what it said. */
export async function runProgram(command: readonly string[], options: ProgramOptions = {}): Promise<ProgramResult> {
  await using program = startProgram(command, options);
  const timer = setTimeout(() => program.child.kill('SIGKILL'), options.timeoutMs ?? 60_000);
  const code = await program.exited;
  clearTimeout(timer);
  return { code, stdout: program.output().stdout, stderr: program.output().stderr };
}

export interface StartedProgram extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  output(): { readonly stdout: string; readonly stderr: string };
  /** Resolves when stdout or stderr has said it.
   * @throws Error with all it said when it ended without, or after the time limit
   */
  said(text: string | RegExp, timeoutMs?: number): Promise<void>;
}

/** Not the home of whoever runs the tests: an Usher would write into their MCP clients. What it compiles is kept there, too. */
const HOME = join(tmpdir(), 'home');
process.once('exit', () => rmSync(HOME, { recursive: true, force: true }));

/** Starts a program with a clean environment, and with a stdin only where there is something to read; disposing of it
 * kills it.
 */
export function startProgram(
  [command = '', ...args]: readonly string[],
  { env = {}, cwd, input, holdsInput }: ProgramOptions = {},
): StartedProgram {
  const { PATH = '' } = process.env;
  const child = spawn(command, args, {
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: { PATH, HOME, NO_COLOR: '1', ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  child.stdin?.on('error', () => {}); // it may end before it has read everything
  if (holdsInput) child.stdin?.write(input ?? '');
  else child.stdin?.end(input);
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr?.on('data', (data: Buffer) => (stderr += data.toString()));
  const exited = once(child, 'close').then(([code]): number | null => code);
  const holds = (text: string | RegExp) =>
    [stdout, stderr].some((out) => (typeof text === 'string' ? out.includes(text) : text.test(out)));
  return {
    child,
    exited,
    output: () => ({ stdout, stderr }),
    async said(text, timeoutMs = 20_000) {
      const deadlineMs = Date.now() + timeoutMs;
      while (!holds(text)) {
        if (child.exitCode !== null || Date.now() > deadlineMs)
          throw new Error(`${command} never said ${String(text)}. It said:\n${stdout}\n${stderr}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited.catch(() => {});
    },
  };
}
