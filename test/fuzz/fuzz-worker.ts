import { parentPort, workerData } from 'node:worker_threads';
import { seededRandom } from '../kit/seeded-random.ts';
import { Coverage } from './coverage.ts';
import { longestInput, mutate } from './mutate.ts';
import { targets } from './targets.ts';

/** What a worker is given. `shared` holds the length and bytes of the input under way, and a number that counts on. */
export interface WorkerTask {
  readonly name: string;
  readonly seed: number;
  readonly ms: number;
  readonly inputs: number;
  readonly shared: SharedArrayBuffer;
}

export interface WorkerResult {
  readonly runs: number;
  readonly kept: number;
  readonly coverage: string;
  readonly failure?: { readonly input: string; readonly message: string };
}

/** Coverage is asked for once in so many inputs: asking costs more than most of them. */
const batchSize = 40;

/** Runs one target for a while: keeps inputs that make something run that never ran, and changes those. */
async function fuzz({ name, seed, ms, inputs, shared }: WorkerTask): Promise<WorkerResult> {
  const target = targets[name];
  if (target === undefined) throw new Error(`there is no target ${name}`);
  const random = seededRandom(seed);
  const head = new Int32Array(shared, 0, 2);
  const bytes = new Uint8Array(shared, 8);
  const corpus: Buffer[] = [];
  const coverage = new Coverage();
  let runs = 0;

  const run = async (input: Buffer): Promise<string | undefined> => {
    bytes.set(input);
    Atomics.store(head, 0, input.length);
    Atomics.add(head, 1, 1);
    runs += 1;
    try {
      await target.fuzz(input);
      return undefined;
    } catch (error) {
      return error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
  };
  const end = (failure?: WorkerResult['failure']): WorkerResult => {
    const result = { runs, kept: corpus.length, coverage: coverage.summary };
    coverage.close();
    return failure === undefined ? result : { ...result, failure };
  };
  const fail = (input: Buffer, message: string) => end({ input: input.toString('base64'), message });

  for (const text of target.seeds) {
    const input = Buffer.from(text).subarray(0, longestInput);
    const message = await run(input);
    if (message !== undefined) return fail(input, message);
    if (coverage.take() || corpus.length === 0) corpus.push(input);
  }
  const untilMs = performance.now() + ms;
  const goesOn = () => runs < inputs && performance.now() < untilMs;
  while (goesOn()) {
    const batch = Array.from({ length: batchSize }, () => mutate(random.pick(corpus), random.pick(corpus), random));
    const forget = coverage.remember();
    for (const input of batch) {
      const message = await run(input);
      if (message !== undefined) return fail(input, message);
    }
    if (!coverage.take()) continue;
    // Which of them it was: the first to reach it when they run again, one by one.
    forget();
    for (const input of batch) {
      await run(input);
      if (coverage.take()) corpus.push(input);
    }
  }
  return end();
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort?.postMessage(await fuzz(workerData as WorkerTask));
