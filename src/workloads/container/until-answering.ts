import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const openMs = 1_000;

export interface AnsweringWait {
  readonly timeoutMs: number;
  /** Asked before each look: is there still a reason to wait? */
  readonly mayStillCome: () => boolean;
}

/** Waits until somebody answers at a URL. That a port takes connections says nothing: the engine listens there itself, and
 * hangs up while nobody listens in the container. Says whether anybody does.
 */
export async function untilAnswering(url: string, { timeoutMs, mayStillCome }: AnsweringWait): Promise<boolean> {
  const deadlineMs = Date.now() + timeoutMs;
  while (Date.now() < deadlineMs && mayStillCome()) {
    if (await answers(url)) return true;
    await sleep(50);
  }
  return false;
}

/** Any answer will do, also the one that a token is missing; and so will a connection that stays open. */
export function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request(url, { agent: false, headers: { accept: 'application/json, text/event-stream' } });
    const finish = (isThere: boolean): void => {
      clearTimeout(timer);
      resolve(isThere);
      sent.destroy();
    };
    const timer = setTimeout(() => finish(sent.socket?.readyState === 'open'), openMs);
    sent.once('response', () => finish(true)).on('error', () => finish(false));
    sent.end();
  });
}
