import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A program of this example, running as a process of its own. */
export interface TestProgram extends AsyncDisposable {
  readonly url: string;
  /** The JSON objects it printed so far, one per line; none when the environment says LOG_FORMAT=text. */
  readonly events: Record<string, unknown>[];
  /** Everything it printed so far. */
  output(): string;
  /** Sends SIGTERM and resolves with its exit code. */
  stop(): Promise<number | null>;
}

/** What a program that ended by itself said. */
export interface EndedProgram {
  readonly code: number | null;
  readonly stderr: string;
}

/** The test's environment without what would change the programs. */
function buildEnvironment(extra: Readonly<Record<string, string>>): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'TMPDIR']) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return { ...environment, LOG_FORMAT: 'json', ...extra };
}

/** Starts `node FILE ARGS…` with only the given environment and waits for its `listening` line. */
export async function startProgram(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  cwd = process.cwd(),
): Promise<TestProgram> {
  const child = spawn(process.execPath, command, {
    cwd,
    env: buildEnvironment(environment),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  const events: Record<string, unknown>[] = [];
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      output += `${line}\n`;
      const inText = / listening on (\S+)$/.exec(line);
      if (inText !== null) resolve(inText[1] ?? '');
      if (!line.startsWith('{')) return;
      const event = JSON.parse(line) as Record<string, unknown>;
      events.push(event);
      if (event['event'] === 'listening') resolve(String(event['url']));
    });
    child.on('exit', (code) => reject(new Error(`ended with ${code}: ${output}`)));
  });
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await exited;
    return child.exitCode;
  };
  return {
    url,
    events,
    output: () => output,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

/** Runs `node FILE ARGS…` until it ends by itself. */
export async function runProgramToEnd(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  cwd = process.cwd(),
): Promise<EndedProgram> {
  const child = spawn(process.execPath, command, {
    cwd,
    env: buildEnvironment(environment),
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 10_000,
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const closed = once(child, 'close');
  await closed;
  return { code: child.exitCode, stderr };
}
