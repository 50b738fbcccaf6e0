import type { Lab } from './arms.ts';
import { startUsher } from './start-usher.ts';

/** How long `usher serve` takes from the start of the process until its port takes a connection, several times. */
export async function measureStarts(lab: Lab, times: number): Promise<{ median: number; all: number[] }> {
  const all: number[] = [];
  for (let index = 0; index < times; index += 1) {
    await using gateway = await startUsher({
      kind: 'exchange',
      name: 'start',
      folder: lab.folder,
      originPort: lab.origin.port,
      providerPort: lab.provider.port,
    });
    all.push(gateway.startMs);
  }
  const sorted = all.toSorted((a, b) => a - b);
  return { median: sorted[Math.floor(times / 2)] ?? 0, all };
}
