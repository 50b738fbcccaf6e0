import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe } from '../../lib/describe-error.ts';
import { forEachLine } from '../../lib/for-each-line.ts';
import { fail } from '../../model/usher-error.ts';
import { cleanLine } from '../clean-line.ts';
import type { RunningServer, StartDeps } from '../keep-running.ts';
import { accepts, untilListening } from '../listening-port.ts';
import type { ProcessSettings } from './schema.ts';

/** Of the environment, what a program needs to run at all. Everything else might be a secret of Usher's. */
const inherited = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SystemRoot'] as const;
const killAfterMs = 10_000;
/** For what a command leaves behind when it ends, and for the last of its output. */
const leftoversMs = 2_000;
const lastOutputMs = 200;
const longestLine = 8 * 1024;

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** Workload `process`: runs a command without a shell, in a process group of its own, with a clean environment; its output
 * goes to the log line by line. Returns when something listens on the target port. The command does not outlive this
 * process, unless that is killed with SIGKILL. Disposing it: SIGTERM to its process group, SIGKILL after ten seconds and to
 * whatever of the group is left.
 * @throws UsherError workload_failed, or the signal's reason; the command is stopped then
 */
export async function startProcess(
  name: string,
  settings: ProcessSettings,
  { log, signal, onErrorLine }: StartDeps,
): Promise<RunningServer> {
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
    forEachLine(stream, longestLine, (line) => {
      const cleaned = cleanLine(line);
      log.info(cleaned, { from: name });
      if (stream === child.stderr) onErrorLine?.(cleaned);
    });
  }
  // Whoever is told twice to stop, or fails in a way nobody foresaw, goes at once: not without its child.
  const killAtExit = () => child.pid !== undefined && signalGroup(child.pid, 'SIGKILL');
  process.once('exit', killAtExit);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`it could not be started: ${describe(error)}`));
    child.once('exit', (code, endedBy) =>
      resolve(endedBy === null ? `it exited with code ${code}` : `it was ended by ${endedBy}`),
    );
  });
  const running = {
    ended: ended.then((reason) => `${command}: ${reason}`),
    async [Symbol.asyncDispose]() {
      await stop(child, ended);
      process.off('exit', killAtExit);
    },
  };
  const problem = await Promise.race([
    ended,
    untilListening(settings.targetPort, {
      timeoutSeconds: settings.startTimeoutSeconds,
      mayStillCome: () => isRunning(child) && signal?.aborted !== true,
    }),
  ]);
  if (problem === undefined) return running;
  await running[Symbol.asyncDispose]();
  signal?.throwIfAborted();
  throw fail('workload_failed', { command, reason: problem });
}

function environment({ env }: ProcessSettings): NodeJS.ProcessEnv {
  const kept = inherited.flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]] as const],
  );
  return { ...Object.fromEntries(kept), ...env };
}

async function stop(child: Child, ended: Promise<string>): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  const wasRunning = isRunning(child);
  signalGroup(pid, 'SIGTERM');
  if (wasRunning) {
    const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), killAfterMs);
    await ended;
    clearTimeout(timer);
  }
  // What it started itself may go on without it, and holds the pipes that would keep this process running.
  const deadlineMs = Date.now() + leftoversMs;
  while (signalGroup(pid, 0) && Date.now() < deadlineMs) await sleep(50);
  signalGroup(pid, 'SIGKILL');
  const outputs = [child.stdout, child.stderr].filter((stream) => !stream.closed);
  await Promise.race([Promise.all(outputs.map((stream) => once(stream, 'close'))), sleep(lastOutputMs)]);
  for (const stream of outputs) stream.destroy();
}

function isRunning(child: Child): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** To the whole group: a package runner's child must not outlive it. Says whether there was anybody. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    return false;
  }
}
