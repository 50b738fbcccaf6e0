import { note } from './print.ts';

/** Something that was started and can be closed. */
interface Running {
  close(): Promise<void>;
  /** Resolves with a sentence when it ended by itself. */
  readonly ended?: Promise<string>;
}

const sameSignalMs = 300;

/** Waits until a signal comes, closes, and returns the exit code: 0 after a signal, 1 when it ended by itself. A second
 * signal ends the process at once, for whoever does not want to wait for running calls.
 */
export async function runUntilStopped(running: Running): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<{ code: number; sentence: string }>();
  let stoppedAtMs: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    // One Ctrl-C can arrive twice: from the terminal, and from whoever started this process and passes signals on.
    if (stoppedAtMs !== undefined && performance.now() - stoppedAtMs < sameSignalMs) return;
    if (stoppedAtMs !== undefined) process.exit(signal === 'SIGINT' ? 130 : 143);
    stoppedAtMs = performance.now();
    resolve({ code: 0, sentence: 'Stopping; again to stop at once' });
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  void running.ended?.then((sentence) => resolve({ code: 1, sentence }));
  const { code, sentence } = await promise;
  note(sentence);
  await running.close();
  process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  return code;
}
