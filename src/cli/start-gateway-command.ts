import type { LoadedConfig } from '../config/load.ts';
import { startGateway } from '../gateway/start-gateway.ts';
import { buildLog } from '../telemetry/build-log.ts';
import { note } from './print.ts';
import { runUntilStopped } from './run-until-stopped.ts';
import { summarize } from './summarize.ts';

/** Starts the gateway, says what is served where, and waits for a signal. */
export async function startGatewayCommand({ config }: LoadedConfig): Promise<number> {
  return runUntilStopped(async (signal) => {
    const gateway = await startGateway(config, { log: buildLog(config.log), signal });
    note(summarize(config, gateway));
    return { close: () => gateway.close(), cut: () => gateway.cut(), ended: gateway.workloadEnded };
  });
}
