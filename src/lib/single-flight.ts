/** Runs work once for all who ask for the same key while it is under way. The work belongs to nobody: one who stops
 * waiting (through its signal) leaves it running for the others.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Promise<T>>();

  /** @throws what `work` throws, to all who wait; or the signal's reason, to the one whose signal aborted. */
  run(key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    let flight = this.#flights.get(key);
    if (flight === undefined) {
      flight = work().finally(() => this.#flights.delete(key));
      this.#flights.set(key, flight);
    }
    return signal === undefined ? flight : untilAborted(flight, signal);
  }

  has(key: string): boolean {
    return this.#flights.has(key);
  }
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) {
      // The flight may still fail later with nobody listening.
      promise.catch(() => {});
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
