import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fault } from './fault.ts';
import { type FaultResult, runFault } from './run-fault.ts';
import { labFlavours, startFaultLab } from './start-fault-lab.ts';

/** Runs these faults one after another, each provider's in a scenario of its own in a temporary folder, of which nothing is
 * left. Fewer results than faults when it was stopped.
 * @param done called after each
 * @throws UsherError when the scenario cannot be started
 */
export async function runFaults(
  faults: readonly Fault[],
  { done, stop }: { readonly done: (result: FaultResult) => void; readonly stop: AbortSignal },
): Promise<readonly FaultResult[]> {
  const results: FaultResult[] = [];
  for (const flavour of labFlavours) {
    const own = faults.filter((fault) => (fault.flavour ?? 'okta') === flavour);
    if (own.length === 0 || stop.aborted) continue;
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'usher-lab-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const lab = stack.use(await startFaultLab(folder, flavour));
    for (const fault of own) {
      if (stop.aborted) break;
      const result = await runFault(lab, fault);
      results.push(result);
      done(result);
    }
  }
  return results;
}
