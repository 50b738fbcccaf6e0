import { once } from 'node:events';
import { note } from '../print.ts';
import { watchStopSignal } from '../stop-signal.ts';

const leftoversMs = 1_000;

/** Something that was started and can be closed. */
interface Running {
  close(): Promise<void>;
  /** Ends at once what `close` waits for. */
  cut?(): void;
  /** Reads its configuration again. */
  reload?(): void;
  /** Resolves with a sentence when it ended by itself. */
  readonly ended?: Promise<string>;
}

export interface RunOptions {
  /** Does what is started have a `reload`? Then SIGHUP calls it, unless the terminal is gone. */
  readonly canReload?: boolean;
  /** Does nobody watch? Then its log alone says how it ends. */
  readonly isUnwatched?: boolean;
}

/** Starts something, waits until it shall stop, closes it, and returns the exit code: 0 after a signal, 1 when it ended
 * by itself. A signal that comes while it starts aborts `start`'s own.
 */
export async function runUntilStopped<R extends Running>(
  start: (signal: AbortSignal) => Promise<R>,
  { canReload = false, isUnwatched = false }: RunOptions = {},
): Promise<number> {
  // What came while it starts counts then: some of the configuration has been read already.
  const hasStarted = Promise.withResolvers<R>();
  const reload = () => void hasStarted.promise.then((one) => one.reload?.());
  using stop = watchStopSignal(canReload ? reload : undefined);
  const started = await start(stop.signal).catch((error: unknown) => {
    if (!stop.signal.aborted || error !== stop.signal.reason) throw error;
    note('Stopped before it had started');
    return undefined;
  });
  if (started === undefined) return 0;
  hasStarted.resolve(started);
  stop.atOnce.addEventListener('abort', () => started.cut?.());
  const stopped = stop.signal.aborted ? Promise.resolve() : once(stop.signal, 'abort');
  const ended = started.ended ?? new Promise<never>(() => {});
  const sentence = await Promise.race([stopped.then(() => undefined), ended]);
  if (!isUnwatched) note(sentence ?? 'Stopping; again to stop at once');
  try {
    await started.close();
  } finally {
    // Everything is said and written, or given up: a pipe that nobody reads must not keep the process.
    setTimeout(() => process.exit(), leftoversMs).unref();
  }
  return sentence === undefined ? 0 : 1;
}
