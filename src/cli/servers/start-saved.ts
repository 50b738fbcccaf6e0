import type { Machine } from '../../clients/machine.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { fail } from '../../model/usher-error.ts';
import { buildFindSecret } from '../../secrets/build-find-secret.ts';
import { openSecretStore } from '../../secrets/open-secret-store.ts';
import type { ServerPlace } from '../../servers/places.ts';
import { adoptClaim, claimStopped, type Claim } from '../../servers/claim-server.ts';
import { removeFromLists } from '../../servers/client-lists.ts';
import { isAlive, type ServerView } from '../../servers/look-at-server.ts';
import { stopServer } from '../../servers/stop-server.ts';
import { tellLauncher } from '../../servers/launch-server.ts';
import { loadSaved } from '../../servers/load-saved.ts';
import { readServerRecord, type ServerRecord } from '../../servers/server-record.ts';
import type { CommandContext } from '../command-module.ts';
import { describeFailure, runInPlace } from './run-in-place.ts';
import { checkBackground, describeStarted, launch } from './run-server.ts';
import { tellUnwell } from './tell-unwell.ts';

/** Starts a server that was stopped, in the background.
 * @throws UsherError
 */
export async function startBehind(name: string, machine: Machine, context: CommandContext): Promise<void> {
  checkBackground(context);
  const claim = await claimStopped(name, machine, true);
  describeStarted(name, await launch(claim, context));
  await tellUnwell(name, machine);
}

/** Stops a server of the background, and starts it again; clients keep it in their lists meanwhile.
 * @throws UsherError
 */
export async function restartBehind(
  view: ServerView,
  { machine, context, force }: { machine: Machine; context: CommandContext; force: boolean },
): Promise<void> {
  const { name } = view;
  checkBackground(context);
  if (isAlive(view) && view.run?.isBackground === false) {
    const reason = 'it runs in a terminal or as a service, which would take its end for the end';
    throw fail('server_not_stopped', { what: 'restart', name, reason, advice: 'Restart it there' });
  }
  // With settings that cannot be used it would not come back.
  readSaved(view.place, machine);
  await stopServer(view, { machine, force, isRestart: true });
  try {
    await startBehind(name, machine, context);
  } catch (error) {
    await removeFromLists(name, machine);
    throw error;
  }
}

/** Starts a server that was stopped, in this terminal, and returns the exit code when it has ended. */
export async function startHere(name: string, machine: Machine): Promise<number> {
  return await runSaved(await claimStopped(name, machine, false), machine, false);
}

/** The process that goes to the background: takes over what another one has claimed for it. */
export async function startClaimed(name: string, id: string, machine: Machine): Promise<number> {
  try {
    return await runSaved(await adoptClaim(name, id, machine), machine, true);
  } catch (error) {
    await tellLauncher({ kind: 'failed', ...describeFailure(error) });
    throw error;
  }
}

async function runSaved(claim: Claim, machine: Machine, isBackground: boolean): Promise<number> {
  const record = await recordOf(claim);
  const read = () => readSaved(claim.place, machine);
  return await runInPlace(claim, { loaded: read(), read, record, machine, isBackground });
}

/** A saved configuration, with the secrets it names.
 * @throws UsherError config_invalid
 */
export function readSaved(place: ServerPlace, { environment }: Machine): LoadedConfig {
  return loadSaved(place, { findSecret: buildFindSecret(() => openSecretStore(environment)) });
}

async function recordOf({ place }: Claim): Promise<ServerRecord> {
  const record = await readServerRecord(place);
  if (record !== undefined) return record;
  throw fail('server_unknown', { what: `server called ${place.name}`, advice: 'usher list shows those there are' });
}
