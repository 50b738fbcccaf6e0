import { once } from 'node:events';
import { note } from './print.ts';
import { watchStopSignal } from './stop-signal.ts';

/** Something that was started and can be closed. */
interface Running {
  close(): Promise<void>;
  /** Ends at once what `close` waits for. */
  cut?(): void;
  /** Resolves with a sentence when it ended by itself. */
  readonly ended?: Promise<string>;
}

/** Starts something, waits until it shall stop, closes it, and returns the exit code: 0 after a signal, 1 when it ended
 * by itself. A signal that comes while it starts aborts `start`'s own.
 */
export async function runUntilStopped<R extends Running>(start: (signal: AbortSignal) => Promise<R>): Promise<number> {
  using stop = watchStopSignal();
  const running = await start(stop.signal).catch((error: unknown) => {
    if (!stop.signal.aborted || error !== stop.signal.reason) throw error;
    note('Stopped before it had started');
    return undefined;
  });
  if (running === undefined) return 0;
  stop.atOnce.addEventListener('abort', () => running.cut?.());
  const stopped = stop.signal.aborted ? Promise.resolve() : once(stop.signal, 'abort');
  const ended = running.ended ?? new Promise<never>(() => {});
  const sentence = await Promise.race([stopped.then(() => undefined), ended]);
  note(sentence ?? 'Stopping; again to stop at once');
  await running.close();
  return sentence === undefined ? 0 : 1;
}
