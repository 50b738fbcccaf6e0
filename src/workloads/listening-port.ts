import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Does anybody listen on this port of this machine? */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Waits until nobody listens on a port of this machine: whoever did may be about to end.
 * @returns does nobody?
 * @throws the signal's reason
 */
export async function untilFree(
  port: number,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs;
  while (await accepts(port)) {
    if (performance.now() > deadlineMs) return false;
    await sleep(50);
    signal?.throwIfAborted();
  }
  return true;
}

export interface ListeningWait {
  readonly timeoutSeconds: number;
  /** Asked before each look: is there still a reason to wait? */
  readonly mayStillCome: () => boolean;
}

/** Waits until somebody listens. Resolves with what is wrong, as a clause, or undefined. */
export async function untilListening(
  port: number,
  { timeoutSeconds, mayStillCome }: ListeningWait,
): Promise<string | undefined> {
  const deadlineMs = Date.now() + timeoutSeconds * 1000;
  while (Date.now() < deadlineMs && mayStillCome()) {
    if (await accepts(port)) return undefined;
    await sleep(50);
  }
  return `nothing listens on 127.0.0.1:${port} after ${timeoutSeconds} s (see --target-port and --start-timeout)`;
}
