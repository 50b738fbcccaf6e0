import type { Config, ServerConfig } from '../config/schema.ts';
import type { Launcher } from '../model/launcher.ts';
import type { Log } from '../model/log.ts';
import type { Upstream } from '../model/upstream.ts';
import { UsherError } from '../model/usher-error.ts';
import type { ShowProgress } from '../model/workload.ts';
import { buildStdioUpstream } from '../upstreams/stdio/build-stdio-upstream.ts';
import type { RestartTimes } from '../workloads/keep-running.ts';
import { containerLauncher } from '../workloads/container/container-launcher.ts';
import { processLauncher } from '../workloads/process/process-launcher.ts';

export interface StartBridgesDeps {
  readonly log: Log;
  /** Gives up starting. */
  readonly signal?: AbortSignal | undefined;
  readonly restartTimes?: RestartTimes | undefined;
  readonly showProgress?: ShowProgress | undefined;
  /** Takes over what was started. */
  readonly started: AsyncDisposableStack;
}

/** Starts the servers that are run here and speak over their standard streams; by name. One that does not come up the first
 * time is a mistake in the settings. Where each user has a process of their own, the first one tells.
 * @throws UsherError of stage start, or the signal's reason
 */
export async function startBridges(
  { servers }: Config,
  { log, signal, restartTimes, showProgress, started }: StartBridgesDeps,
): Promise<ReadonlyMap<string, Upstream>> {
  const bridges = new Map<string, Upstream>();
  for (const [name, server] of Object.entries(servers)) {
    const launcher = buildLauncher(name, server, log);
    if (launcher === undefined || server.upstream.strategy === 'http') continue;
    await launcher.prepare({ signal, showProgress });
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
      throw explain(error, launcher);
    });
    signal?.removeEventListener('abort', stop);
    bridges.set(name, bridge);
  }
  return bridges;
}

/** In the words of what runs it: its own error where it was not even launched. */
function explain(error: unknown, launcher: Launcher): UsherError {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof UsherError && cause.row.stage === 'start') return cause;
  return launcher.refuse(error instanceof UsherError ? String(error.details['reason']) : String(error));
}

/** The members of the seam; undefined for a server that speaks in another way, or runs already. */
function buildLauncher(name: string, { upstream }: ServerConfig, log: Log): Launcher | undefined {
  switch (upstream.strategy) {
    case 'process':
      return upstream.transport === 'stdio' ? processLauncher(name, upstream, log) : undefined;
    case 'container':
      return upstream.transport === 'stdio' ? containerLauncher(name, upstream, log) : undefined;
    case 'http':
      return undefined;
  }
}
