// @ts-expect-error -- has no types: not meant for others than tests
import timers from 'undici/lib/util/timers.js';

/** Lets time pass for the client of undici alone: its long timers run as if so many milliseconds were over. */
export async function waitUndici(ms: number): Promise<void> {
  const { tick } = timers as { tick: (ms: number) => void };
  // The first round only starts what was asked for since the last.
  tick(0);
  await new Promise((resolve) => setImmediate(resolve));
  tick(ms + 1_000);
}
