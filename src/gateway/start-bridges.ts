import type { Config, ServerConfig } from '../config/schema.ts';
import type { Launcher } from '../model/launcher.ts';
import type { Log } from '../model/log.ts';
import type { Upstream } from '../model/upstream.ts';
import { fail, UsherError } from '../model/usher-error.ts';
import { buildStdioUpstream } from '../upstreams/stdio/build-stdio-upstream.ts';
import type { RestartTimes } from '../workloads/keep-running.ts';
import { processLauncher } from '../workloads/process/process-launcher.ts';

export interface StartBridgesDeps {
  readonly log: Log;
  /** Gives up starting. */
  readonly signal?: AbortSignal | undefined;
  readonly restartTimes?: RestartTimes | undefined;
  /** Takes over what was started. */
  readonly started: AsyncDisposableStack;
}

/** Starts the servers that are run here and speak over their standard streams; by name. One that does not come up the first
 * time is a mistake in the settings. Where each user has a process of their own, the first one tells.
 * @throws UsherError workload_failed, or the signal's reason
 */
export async function startBridges(
  { servers }: Config,
  { log, signal, restartTimes, started }: StartBridgesDeps,
): Promise<ReadonlyMap<string, Upstream>> {
  const bridges = new Map<string, Upstream>();
  for (const [name, server] of Object.entries(servers)) {
    const launcher = buildLauncher(name, server, log);
    if (launcher === undefined || server.upstream.strategy === 'http') continue;
    await launcher.prepare(signal);
    const bridge = buildStdioUpstream({
      name,
      launcher,
      settings: server.upstream,
      answerTimeoutMs: server.answerTimeoutSeconds * 1000,
      startTimeoutMs: server.upstream.startTimeoutSeconds * 1000,
      log,
      backOffTimes: restartTimes,
    });
    started.defer(() => bridge.close());
    const stop = () => void bridge.close();
    signal?.addEventListener('abort', stop);
    await bridge.start().catch((error: unknown) => {
      signal?.throwIfAborted();
      const reason = error instanceof UsherError ? String(error.details['reason']) : String(error);
      throw fail('workload_failed', { command: launcher.label, reason }, { cause: error });
    });
    signal?.removeEventListener('abort', stop);
    bridges.set(name, bridge);
  }
  return bridges;
}

/** The members of the seam; undefined for a server that speaks in another way, or runs already. */
function buildLauncher(name: string, { upstream }: ServerConfig, log: Log): Launcher | undefined {
  switch (upstream.strategy) {
    case 'process':
      return upstream.transport === 'stdio' ? processLauncher(name, upstream, log) : undefined;
    case 'container':
    case 'http':
      return undefined;
  }
}
