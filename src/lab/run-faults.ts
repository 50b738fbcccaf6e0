import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fault } from './fault.ts';
import { type FaultResult, runFault } from './run-fault.ts';
import { startFaultLab } from './start-fault-lab.ts';

/** Runs these faults one after another, in a scenario of their own in a temporary folder, of which nothing is left.
 * @param done called after each
 * @throws UsherError when the scenario cannot be started; {@link AbortSignal}'s reason when it is stopped
 */
export async function runFaults(
  faults: readonly Fault[],
  { done, stop }: { readonly done: (result: FaultResult) => void; readonly stop: AbortSignal },
): Promise<readonly FaultResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-lab-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const lab = stack.use(await startFaultLab(folder));
  const results: FaultResult[] = [];
  for (const fault of faults) {
    if (stop.aborted) break;
    const result = await runFault(lab, fault);
    results.push(result);
    done(result);
  }
  return results;
}
