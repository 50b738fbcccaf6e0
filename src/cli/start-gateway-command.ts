import type { LoadedConfig } from '../config/load.ts';
import { startGateway } from '../gateway/start-gateway.ts';
import type { RunningGateway } from '../gateway/running-gateway.ts';
import { buildLog, type LeveledLog } from '../telemetry/build-log.ts';
import { openSecretStore } from '../secrets/open-secret-store.ts';
import { buildLoginAid } from './login-aid.ts';
import { note, showProgress } from './print.ts';
import { runUntilStopped } from './run-until-stopped.ts';
import { summarize } from './summarize.ts';

/** Starts the gateway, says what is served where, and waits for a signal. SIGHUP takes over what `read` returns then. */
export async function startGatewayCommand(
  { config }: LoadedConfig,
  read: () => LoadedConfig,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  return runUntilStopped(
    async (signal) => {
      const log = buildLog(config.log);
      const gateway = await startGateway(config, {
        log,
        signal,
        ...(showProgress === undefined ? {} : { showProgress }),
        secrets: openSecretStore(environment),
        loginAid: buildLoginAid(environment),
      });
      note(summarize(config, gateway));
      return {
        close: () => gateway.close(),
        cut: () => gateway.cut(),
        reload: () => void reloadGateway(gateway, read, log),
        ended: gateway.workloadEnded,
      };
    },
    { canReload: true },
  );
}

/** Takes over the configuration that `read` returns; false when it cannot, which is in the log. */
export async function reloadGateway(
  gateway: RunningGateway,
  read: () => LoadedConfig,
  log: LeveledLog,
): Promise<boolean> {
  let level: Parameters<LeveledLog['setLevel']>[0] | undefined;
  const isTaken = await gateway.reload(() => {
    const { config, warnings } = read();
    for (const warning of warnings) log.warn(warning);
    level = config.log.level;
    return config;
  });
  if (isTaken && level !== undefined) log.setLevel(level);
  return isTaken;
}
