import { spawn, type ChildProcess } from 'node:child_process';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe } from '../../lib/describe-error.ts';
import type { Log } from '../../model/log.ts';
import { fail } from '../../model/usher-error.ts';
import type { ProcessSettings } from './schema.ts';

/** A command Usher started. */
export interface RunningProcess extends AsyncDisposable {
  /** Resolves with a sentence when it ended by itself. */
  readonly ended: Promise<string>;
  /** SIGTERM to its process group, SIGKILL after ten seconds; resolves when it is gone. */
  [Symbol.asyncDispose](): PromiseLike<void>;
}

/** Of the environment, what a program needs to run at all. Everything else might be a secret of Usher's. */
const inherited = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SystemRoot'] as const;
const killAfterMs = 10_000;

/** Workload `process`: runs a command without a shell, in a process group of its own, with a clean environment; its output
 * goes to the log line by line. Returns when something listens on the target port.
 * @throws UsherError workload_failed; the command is stopped then
 */
export async function startProcess(name: string, settings: ProcessSettings, log: Log): Promise<RunningProcess> {
  const [command = '', ...args] = settings.command;
  if (await accepts(settings.targetPort)) {
    throw fail('workload_failed', {
      command,
      reason: `port ${settings.targetPort} is in use already; what listens there is not the command that would be started`,
    });
  }
  const child = spawn(command, args, {
    env: environment(settings),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => log.info(line, { from: name }));
  }
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`it could not be started: ${describe(error)}`));
    child.once('exit', (code, signal) =>
      resolve(signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`),
    );
  });
  const running = {
    ended: ended.then((reason) => `${command}: ${reason}`),
    [Symbol.asyncDispose]: () => stop(child, ended),
  };
  const problem = await Promise.race([ended, untilListening(settings, child)]);
  if (problem === undefined) return running;
  await stop(child, ended);
  throw fail('workload_failed', { command, reason: problem });
}

function environment({ env }: ProcessSettings): NodeJS.ProcessEnv {
  const kept = inherited.flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]] as const],
  );
  return { ...Object.fromEntries(kept), ...env };
}

async function untilListening(
  { targetPort, startTimeoutSeconds }: ProcessSettings,
  child: ChildProcess,
): Promise<string | undefined> {
  const deadlineMs = Date.now() + startTimeoutSeconds * 1000;
  while (Date.now() < deadlineMs && child.exitCode === null && child.signalCode === null) {
    if (await accepts(targetPort)) return undefined;
    await sleep(50);
  }
  return `nothing listens on port ${targetPort} after ${startTimeoutSeconds} s (see --target-port and --start-timeout)`;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  signalGroup(child.pid, 'SIGTERM');
  const timer = setTimeout(() => child.pid !== undefined && signalGroup(child.pid, 'SIGKILL'), killAfterMs);
  await ended;
  clearTimeout(timer);
}

/** To the whole group: a package runner's child must not outlive it. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // Gone already.
  }
}
