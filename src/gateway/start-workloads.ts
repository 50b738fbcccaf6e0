import type { Config, ServerConfig } from '../config/schema.ts';
import type { Log } from '../model/log.ts';
import type { ShowProgress, Workload } from '../model/workload.ts';
import { containerWorkload } from '../workloads/container/container-workload.ts';
import { keepRunning, type KeptServer, type RestartTimes } from '../workloads/keep-running.ts';
import { processWorkload } from '../workloads/process/process-workload.ts';

export interface StartWorkloadsDeps {
  readonly log: Log;
  /** Gives up starting. */
  readonly signal?: AbortSignal | undefined;
  readonly restartTimes?: RestartTimes | undefined;
  readonly showProgress?: ShowProgress | undefined;
  /** Takes over what was started. */
  readonly started: AsyncDisposableStack;
}

/** Starts the servers that are run here, one after the other. By name; those that run already are not among them.
 * @throws UsherError workload_failed, or the signal's reason
 */
export async function startWorkloads(
  { servers }: Config,
  { log, signal, restartTimes: times, showProgress, started }: StartWorkloadsDeps,
): Promise<ReadonlyMap<string, Workload>> {
  const workloads = new Map<string, Workload>();
  for (const [name, server] of Object.entries(servers)) {
    const kept = buildKept(name, server);
    if (kept !== undefined)
      workloads.set(name, started.use(await keepRunning(kept, { log, signal, times, showProgress })));
  }
  return workloads;
}

/** The members of the seam; undefined for a server that runs already. */
function buildKept(name: string, { upstream }: ServerConfig): KeptServer | undefined {
  switch (upstream.strategy) {
    case 'process':
      return upstream.transport === 'stdio' ? undefined : processWorkload(name, upstream);
    case 'container':
      return upstream.transport === 'stdio' ? undefined : containerWorkload(name, upstream);
    case 'http':
      return undefined;
  }
}
