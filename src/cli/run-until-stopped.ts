import { once } from 'node:events';
import { note } from './print.ts';
import { stopSignal } from './stop-signal.ts';

/** Something that was started and can be closed. */
interface Running {
  close(): Promise<void>;
  /** Resolves with a sentence when it ended by itself. */
  readonly ended?: Promise<string>;
}

/** Waits until a signal comes, closes, and returns the exit code: 0 after a signal, 1 when it ended by itself. A second
 * signal ends the process at once, for whoever does not want to wait for running calls.
 */
export async function runUntilStopped(running: Running): Promise<number> {
  using stop = stopSignal();
  const stopped = once(stop.signal, 'abort').then(() => ({ code: 0, sentence: 'Stopping; again to stop at once' }));
  const ended = running.ended?.then((sentence) => ({ code: 1, sentence }));
  const { code, sentence } = await Promise.race(ended === undefined ? [stopped] : [stopped, ended]);
  note(sentence);
  await running.close();
  return code;
}
