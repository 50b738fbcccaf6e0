import { setTimeout as sleep } from 'node:timers/promises';
import type { Machine } from '../clients/machine.ts';
import { fail } from '../model/usher-error.ts';
import { orderStop } from './control.ts';
import { isAlive, isSameProcess, lookAtServer, type ServerView } from './look-at-server.ts';

const pollMs = 50;
/** Beyond the time its calls may take to end: for its child processes and its audit trail. */
const patienceMs = 20_000;
const killMs = 5_000;

export interface StopOptions {
  readonly machine: Machine;
  /** Ends it whatever it does. */
  readonly force: boolean;
  readonly isRestart?: boolean;
}

/** Stops a server, and waits until its process is gone.
 * @returns false when it did not run
 * @throws UsherError server_not_stopped
 */
export async function stopServer(view: ServerView, options: StopOptions): Promise<boolean> {
  const { name, run } = view;
  if (!isAlive(view) || run === undefined) return false;
  const { force, isRestart = false } = options;
  const drainMs = (run.drainSeconds ?? 0) * 1000;
  const hears = run.control !== undefined && (await orderStop(run.control, { atOnce: force, isRestart }));
  // Only after its process was recognised: an id alone may be another's.
  if (!hears) await signalProcess(view, 'SIGTERM');
  if (await isGone(view, options, force ? killMs : drainMs + patienceMs)) return true;
  if (!force) {
    const reason = `it was asked to, and its process ${view.pid} is still there`;
    throw fail('server_not_stopped', {
      what: 'stop',
      name,
      reason,
      advice: `usher logs ${name} may say why; usher stop ${name} --force ends it at once`,
    });
  }
  await signalProcess(view, 'SIGKILL');
  if (await isGone(view, options, killMs)) return true;
  const reason = `its process ${view.pid} cannot be ended`;
  throw fail('server_not_stopped', {
    what: 'stop',
    name,
    reason,
    advice: 'It may wait for a disk or a network file system',
  });
}

async function signalProcess({ run }: ServerView, signal: NodeJS.Signals): Promise<void> {
  if (run === undefined || !(await isSameProcess(run.process))) return;
  try {
    process.kill(run.process.pid, signal);
  } catch {
    // It ended just now.
  }
}

/** Waits until nobody answers and the process is not there any more. */
async function isGone({ name, run }: ServerView, { machine }: StopOptions, timeoutMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs;
  while (performance.now() < deadlineMs) {
    const isThere = run !== undefined && (await isSameProcess(run.process));
    if (!isThere) {
      const view = await lookAtServer(name, machine);
      if (view === undefined || !isAlive(view)) return true;
    }
    await sleep(pollMs);
  }
  return false;
}
