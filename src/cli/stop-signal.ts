const sameSignalMs = 300;

/** Aborts when the process is asked to stop (SIGINT, SIGTERM). A second request ends the process at once, for whoever
 * does not want to wait for running calls. Dispose to let signals do what they usually do.
 */
export function watchStopSignal(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  let stoppedAtMs: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    // One Ctrl-C can arrive twice: from the terminal, and from whoever started this process and passes signals on.
    if (stoppedAtMs !== undefined && performance.now() - stoppedAtMs < sameSignalMs) return;
    if (stoppedAtMs !== undefined) process.exit(signal === 'SIGINT' ? 130 : 143);
    stoppedAtMs = performance.now();
    controller.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal),
  };
}
