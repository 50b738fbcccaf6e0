/** Work under way, as it sees those who wait for it. */
export interface Flight {
  /** Set by the work for as long as it has not really begun and may be given up: called when the last one who waited has
   * left. Who asks after that begins anew.
   */
  giveUp: (() => void) | undefined;
}

interface Shared<T> {
  readonly handle: Flight;
  readonly promise: Promise<T>;
  waiting: number;
}

/** Runs work once for all who ask for the same key while it is under way. The work belongs to nobody: one who stops
 * waiting (through its signal) leaves it running for the others.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Shared<T>>();

  /** @throws what `work` throws, to all who wait; or the signal's reason, to the one whose signal aborted. */
  run(key: string, work: (flight: Flight) => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const flight = this.#flights.get(key) ?? this.#begin(key, work);
    flight.waiting += 1;
    if (signal === undefined) return flight.promise;
    return untilAborted(flight.promise, signal, () => this.#leave(key, flight));
  }

  has(key: string): boolean {
    return this.#flights.has(key);
  }

  #begin(key: string, work: (flight: Flight) => Promise<T>): Shared<T> {
    const handle: Flight = { giveUp: undefined };
    const promise = work(handle).finally(() => this.#forget(key, flight));
    const flight: Shared<T> = { handle, promise, waiting: 0 };
    this.#flights.set(key, flight);
    return flight;
  }

  #leave(key: string, flight: Shared<T>): void {
    flight.waiting -= 1;
    if (flight.waiting > 0 || flight.handle.giveUp === undefined) return;
    this.#forget(key, flight);
    flight.handle.giveUp();
  }

  #forget(key: string, flight: Shared<T>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal, onLeft: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      reject(signal.reason);
      onLeft();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
