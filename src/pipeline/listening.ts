import type { Listening } from '../model/listening.ts';
import type { Credentialed } from '../model/stages.ts';

/** Clocks are set, and machines sleep: the time is looked at again this often. */
const lookEveryMs = 60_000;

/** Does this request only listen? A GET does (up to MCP 2025-11-25), and `subscriptions/listen` (from 2026-07-28 on). */
export function onlyListens({ request, call }: Credentialed): boolean {
  return request.method === 'GET' || call.messages.some(({ method }) => method === 'subscriptions/listen');
}

/** Puts a stream that only listens where the gateway can end it, and ends it when the caller's token is not taken
 * any more and its grace is over: a stream must not outlive by hours the right to it.
 * @returns call it when the stream has ended
 */
export function watchListening({ route, caller }: Credentialed, stream: Listening): () => void {
  const place = route.listening.enter(stream);
  const endsAtMs = caller.acceptedUntilMs + route.limits.streamGraceMs;
  let timer: NodeJS.Timeout | undefined;
  // Never at once: whoever starts it does not know yet how to leave.
  const wait = (): void => {
    const leftMs = Math.max(0, endsAtMs - Date.now());
    timer = setTimeout(look, Math.min(leftMs, lookEveryMs)).unref();
  };
  const look = (): void => {
    if (Date.now() < endsAtMs) wait();
    else stream.end("it ended with the caller's token");
  };
  if (Number.isFinite(endsAtMs)) wait();
  return () => {
    clearTimeout(timer);
    route.listening.leave(place);
  };
}
