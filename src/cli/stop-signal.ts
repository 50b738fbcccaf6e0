import { isatty } from 'node:tty';

const sameSignalMs = 300;
/** What is cut off gets this long to be put on record. */
const lastWordsMs = 200;
/** A terminal that is closed may send its signal a moment before it is gone. */
const terminalClosesMs = 250;
const exitCodes = new Map<NodeJS.Signals, number>([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]);

export interface StopSignal extends Disposable {
  /** Aborts when the process is asked to stop. */
  readonly signal: AbortSignal;
  /** Aborts when it is asked a second time, for whoever does not want to wait for running calls; the process ends a moment
   * later.
   */
  readonly atOnce: AbortSignal;
}

/** Watches for SIGINT, SIGTERM and SIGHUP. What SIGHUP means is told by the terminal: one that is gone wants the process to
 * stop; where it is still there, or never was one, somebody sent the signal on purpose: then `onReload` is called, when
 * given. Dispose to let signals do what they usually do.
 */
export function watchStopSignal(onReload?: () => void): StopSignal {
  const [controller, atOnce] = [new AbortController(), new AbortController()];
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  let stoppedAtMs: number | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    // One Ctrl-C can arrive twice: from the terminal, and from whoever started this process and passes signals on.
    if (stoppedAtMs !== undefined && performance.now() - stoppedAtMs < sameSignalMs) return;
    if (stoppedAtMs !== undefined) {
      setTimeout(() => process.exit(exitCodes.get(signal)), lastWordsMs);
      return atOnce.abort();
    }
    stoppedAtMs = performance.now();
    controller.abort();
  };
  const onHangUp = (): void => {
    if (terminals.some((descriptor) => !isatty(descriptor))) stop('SIGHUP');
    else if (stoppedAtMs === undefined) onReload?.();
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    // Windows sends it for a closed console only, and then ends the process.
    if (signal !== 'SIGHUP' || onReload === undefined || process.platform === 'win32') stop(signal);
    else if (terminals.length === 0) onHangUp();
    else setTimeout(onHangUp, terminalClosesMs);
  };
  for (const signal of exitCodes.keys()) process.on(signal, onSignal);
  if (process.platform !== 'win32') process.on('SIGUSR1', openNothing);
  return {
    signal: controller.signal,
    atOnce: atOnce.signal,
    [Symbol.dispose]: () => {
      for (const signal of exitCodes.keys()) process.off(signal, onSignal);
      process.off('SIGUSR1', openNothing);
    },
  };
}

/** Node.js would open a debugger, to every program of every user on this machine; other servers open their logs anew. */
function openNothing(): void {}
