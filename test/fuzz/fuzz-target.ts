import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { longestInput } from './mutate.ts';
import type { WorkerResult, WorkerTask } from './fuzz-worker.ts';

export interface FuzzOptions {
  readonly seed: number;
  readonly ms: number;
  /** Inputs, roughly, after which it ends before its time: so that a faster machine tries nothing that a slower one did not. */
  readonly inputs?: number;
  /** Longest that one input may take. */
  readonly hangMs?: number;
}

/** Runs one target in a thread of its own, and watches that no input keeps it.
 * @throws Error when the thread itself fails
 */
export async function fuzzTarget(
  name: string,
  { seed, ms, inputs = Number.MAX_SAFE_INTEGER, hangMs = 5_000 }: FuzzOptions,
): Promise<WorkerResult> {
  const shared = new SharedArrayBuffer(8 + longestInput);
  const workerData: WorkerTask = { name, seed, ms, inputs, shared };
  // A thread that is ended does not tidy up: what it puts aside goes with its folder.
  const folder = mkdtempSync(join(tmpdir(), 'usher-fuzz-'));
  const env = { ...process.env, TMPDIR: folder, TEMP: folder, TMP: folder };
  const worker = new Worker(new URL('fuzz-worker.ts', import.meta.url), { workerData, env });
  const head = new Int32Array(shared, 0, 2);
  let seen = -1;
  let sinceMs = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<WorkerResult>();
  const timer = setInterval(() => {
    const runs = Atomics.load(head, 1);
    if (runs !== seen) {
      seen = runs;
      sinceMs = performance.now();
    } else if (runs > 0 && performance.now() - sinceMs > hangMs) {
      const input = Buffer.from(new Uint8Array(shared, 8, Atomics.load(head, 0))).toString('base64');
      resolve({ runs, kept: 0, coverage: 'unknown', failure: { input, message: `it took longer than ${hangMs} ms` } });
    }
  }, 100);
  worker.on('message', resolve);
  worker.on('error', reject);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
    await worker.terminate();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What to do about a failure. */
export function describeFailure(
  name: string,
  seed: number,
  { input, message }: NonNullable<WorkerResult['failure']>,
): string {
  return [
    `${name}, seed ${seed}: ${message}`,
    `input in base64: ${input}`,
    `again: npm run fuzz -- --replay ${input} ${name}`,
  ].join('\n');
}
