const sameSignalMs = 300;
/** What is cut off gets this long to be put on record. */
const lastWordsMs = 200;
const exitCodes = new Map<NodeJS.Signals, number>([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]);

/** Aborts when the process is asked to stop (SIGINT, SIGTERM, and SIGHUP, which a closed terminal sends). A second request
 * aborts `atOnce` and ends the process a moment later, for whoever does not want to wait for running calls. Dispose to
 * let signals do what they usually do.
 */
export function watchStopSignal(): Disposable & { readonly signal: AbortSignal; readonly atOnce: AbortSignal } {
  const [controller, atOnce] = [new AbortController(), new AbortController()];
  let stoppedAtMs: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    // One Ctrl-C can arrive twice: from the terminal, and from whoever started this process and passes signals on.
    if (stoppedAtMs !== undefined && performance.now() - stoppedAtMs < sameSignalMs) return;
    if (stoppedAtMs !== undefined) {
      setTimeout(() => process.exit(exitCodes.get(signal)), lastWordsMs);
      return atOnce.abort();
    }
    stoppedAtMs = performance.now();
    controller.abort();
  };
  for (const signal of exitCodes.keys()) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    atOnce: atOnce.signal,
    [Symbol.dispose]: () => {
      for (const signal of exitCodes.keys()) process.off(signal, onSignal);
    },
  };
}
