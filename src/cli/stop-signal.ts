const sameSignalMs = 300;

/** A signal to stop that is aborted by the first SIGINT or SIGTERM. A second one ends the process at once, for whoever does
 * not want to wait. Disposing of it gives the signals back.
 */
export function stopSignal(): { readonly signal: AbortSignal } & Disposable {
  const stop = new AbortController();
  let stoppedAtMs: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    // One Ctrl-C can arrive twice: from the terminal, and from whoever started this process and passes signals on.
    if (stoppedAtMs !== undefined && performance.now() - stoppedAtMs < sameSignalMs) return;
    if (stoppedAtMs !== undefined) process.exit(signal === 'SIGINT' ? 130 : 143);
    stoppedAtMs = performance.now();
    stop.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return {
    signal: stop.signal,
    [Symbol.dispose]: () => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal),
  };
}
