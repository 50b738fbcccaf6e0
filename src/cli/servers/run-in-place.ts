import type { LoadedConfig } from '../../config/load.ts';
import type { Machine } from '../../clients/machine.ts';
import type { RunningGateway } from '../../gateway/running-gateway.ts';
import { RotatingFile } from '../../lib/rotating-file.ts';
import { describe } from '../../lib/describe-error.ts';
import { openSecretStore } from '../../secrets/open-secret-store.ts';
import type { LoginAid } from '../../model/login-aid.ts';
import { UsherError } from '../../model/usher-error.ts';
import { ClientLists } from '../../servers/client-lists.ts';
import type { Claim } from '../../servers/claim-server.ts';
import type { ReloadAnswer, StopOrder } from '../../servers/control.ts';
import { tellLauncher } from '../../servers/launch-server.ts';
import { logBounds } from '../../servers/server-log.ts';
import { readServerRecord, type ServerRecord } from '../../servers/server-record.ts';
import { startServer } from '../../servers/start-server.ts';
import { buildLog } from '../../telemetry/build-log.ts';
import { describeLists } from '../clients/describe-lists.ts';
import { fetchCommand } from '../target/fetch-command.ts';
import { buildLoginAid } from '../foreground/login-aid.ts';
import { note, showProgress } from '../print.ts';
import { reloadGateway } from '../foreground/start-gateway-command.ts';
import { runUntilStopped } from '../foreground/run-until-stopped.ts';
import { summarize } from '../foreground/summarize.ts';

export interface RunInPlaceOptions {
  readonly loaded: LoadedConfig;
  /** The configuration as it is now, for SIGHUP. */
  readonly read: () => LoadedConfig;
  readonly record: ServerRecord;
  readonly machine: Machine;
  /** Was it started for the background, by another process? Then the log is a file. */
  readonly isBackground: boolean;
}

/** A second signal within this time counts as the first, which a terminal may send twice. */
const secondSignalMs = 400;

/** Runs a claimed server in this process until it shall stop, and returns the exit code. */
export async function runInPlace(claim: Claim, options: RunInPlaceOptions): Promise<number> {
  const { loaded, read, record, machine, isBackground } = options;
  const { config } = loaded;
  const { name, place } = { name: record.name, place: claim.place };
  using file = isBackground ? new RotatingFile(place.log, logBounds) : undefined;
  const log = buildLog(config.log, file?.write);
  const lists = new ClientLists(machine);
  const reload = async (gateway: RunningGateway): Promise<ReloadAnswer> => {
    if (!(await reloadGateway(gateway, read, log))) return { isTaken: false, notes: [] };
    // Which clients it is written into may have changed with it.
    const now = (record.isPassing ? undefined : await readServerRecord(place)) ?? record;
    return { isTaken: true, notes: [...describeLists(await putInLists(lists, gateway, now))] };
  };
  return await runUntilStopped(
    async (signal) => {
      const server = await startServer(config, claim, {
        log,
        signal,
        machine,
        isPassing: record.isPassing,
        gateway: {
          secrets: openSecretStore(machine.environment),
          loginAid: loginAidOf(machine, isBackground),
          resolveCommand: (command) =>
            fetchCommand(command, {
              environment: machine.environment,
              allowsScripts: record.scriptsOf !== undefined && record.scriptsOf === command[0],
              signal,
              tell: isBackground ? (text) => void tellLauncher({ kind: 'said', text }) : note,
            }),
          ...(showProgress === undefined ? {} : { showProgress }),
        },
        onStop: askToStop,
        reload,
      });
      const { gateway } = server;
      let sentence: string | undefined;
      const ended = gateway.workloadEnded.then((said) => (sentence = said));
      const url = gateway.servers[0]?.resourceUrl ?? gateway.url;
      const listed = await putInLists(lists, gateway, record);
      const summary = summarize(config, gateway);
      const notes = describeLists(listed);
      if (isBackground)
        log.info('The server runs', { name, url, clients: listed.clients.get(name)?.join(', ') || undefined });
      if (!isBackground) note([summary, ...notes].join('\n'));
      await tellLauncher({ kind: 'ready', url, summary, notes: [...notes] });
      return {
        async close() {
          const taken = server.isRestarting ? [] : lists.leave();
          await server.close({ isWanted: sentence === undefined, reason: sentence ?? 'stopped' });
          for (const problem of await taken) log.warn(`Cannot take the server out of a list: ${problem}`);
          if (isBackground) log.info('The server has stopped', { name, reason: sentence });
        },
        cut: () => gateway.cut(),
        reload: () => void reload(gateway),
        ended,
      };
    },
    { canReload: true, isUnwatched: isBackground },
  );
}

function putInLists(lists: ClientLists, { servers }: RunningGateway, { clients }: ServerRecord) {
  return lists.put(servers, clients);
}

/** Whoever started a server of the background still waits at their terminal. */
function loginAidOf({ environment }: Machine, isBackground: boolean): LoginAid {
  const aid = buildLoginAid(environment);
  if (!isBackground) return aid;
  return {
    ...aid,
    tell(text) {
      aid.tell(text);
      void tellLauncher({ kind: 'said', text });
    },
  };
}

/** As a signal would: it is what everything that ends listens for. */
function askToStop({ atOnce }: StopOrder): void {
  process.emit('SIGTERM', 'SIGTERM');
  if (atOnce) setTimeout(() => process.emit('SIGTERM', 'SIGTERM'), secondSignalMs);
}

/** A failure in the words of whoever waits for a server in the background. */
export function describeFailure(error: unknown): { message: string; hint: string; exitCode: number } {
  if (error instanceof UsherError)
    return { message: error.message, hint: error.hint, exitCode: error.row.exitCode ?? 1 };
  return { message: describe(error), hint: 'Run it with --foreground --debug to see more', exitCode: 1 };
}
