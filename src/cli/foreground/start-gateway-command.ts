import type { LoadedConfig } from '../../config/load.ts';
import type { Machine } from '../../clients/machine.ts';
import { startGateway } from '../../gateway/start-gateway.ts';
import type { RunningGateway } from '../../gateway/running-gateway.ts';
import { buildLog, type LeveledLog } from '../../telemetry/build-log.ts';
import { openSecretStore } from '../../secrets/open-secret-store.ts';
import { explainBusyPort } from '../../servers/busy-port.ts';
import { ClientLists } from '../../servers/client-lists.ts';
import type { WantedClients } from '../../servers/server-record.ts';
import { describeLists } from '../clients/describe-lists.ts';
import { fetchCommand } from '../target/fetch-command.ts';
import { buildLoginAid } from './login-aid.ts';
import { note, showProgress } from '../print.ts';
import { runUntilStopped } from './run-until-stopped.ts';
import { summarize } from './summarize.ts';

/** Starts the gateway, says what is served where, and waits for a signal. SIGHUP takes over what `read` returns then.
 * @param wanted the MCP clients its servers are written into while they run
 */
export async function startGatewayCommand(
  { config }: LoadedConfig,
  read: () => LoadedConfig,
  { machine, wanted, allowsScripts = false }: { machine: Machine; wanted: WantedClients; allowsScripts?: boolean },
): Promise<number> {
  const { environment } = machine;
  const lists = new ClientLists(machine);
  return runUntilStopped(
    async (signal) => {
      const log = buildLog(config.log);
      const reload = async (running: RunningGateway) => {
        if (!(await reloadGateway(running, read, log))) return;
        const { problems } = await lists.put(running.servers, wanted);
        for (const problem of problems) log.warn(`A server is not in a list: ${problem}`);
      };
      const gateway = await startGateway(config, {
        log,
        signal,
        ...(showProgress === undefined ? {} : { showProgress }),
        secrets: openSecretStore(environment),
        loginAid: buildLoginAid(environment),
        resolveCommand: (command) => fetchCommand(command, { environment, allowsScripts, signal, tell: note }),
      }).catch(async (error: unknown) => {
        throw await explainBusyPort(error, config.listen, { machine });
      });
      const listed = await lists.put(gateway.servers, wanted);
      note([summarize(config, gateway), ...describeLists(listed)].join('\n'));
      return {
        async close() {
          const taken = lists.leave();
          await gateway.close();
          for (const problem of await taken) log.warn(`Cannot take a server out of a list: ${problem}`);
        },
        cut: () => gateway.cut(),
        reload: () => void reload(gateway),
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
