import { existsSync } from 'node:fs';
import type { Machine } from '../../clients/machine.ts';
import { fail } from '../../model/usher-error.ts';
import { removeFolder, withServerLock } from '../../servers/claim-server.ts';
import { removeFromLists } from '../../servers/client-lists.ts';
import { isAlive, lookAtServer, type ServerView } from '../../servers/look-at-server.ts';
import { auditFile } from '../../servers/places.ts';
import { stopServer } from '../../servers/stop-server.ts';
import { openSecretStore } from '../../secrets/open-secret-store.ts';
import { clearPackages, readSettings } from './clear-packages.ts';
import { dropSecrets } from '../secrets/place-secrets.ts';
import { note, print } from '../print.ts';

/** Takes a server away: out of lists of clients, its settings, its logs.
 * @throws UsherError server_exists when it runs and is not to be stopped
 */
export async function forgetServer(
  { name, place, ...view }: ServerView,
  { machine, force }: { machine: Machine; force: boolean },
): Promise<void> {
  if (force) await stopServer({ name, place, ...view }, { machine, force });
  let settings = '';
  await withServerLock(place, machine, async () => {
    const now = await lookAtServer(name, machine);
    if (now !== undefined && isAlive(now)) throw refuse(now);
    const problems = await removeFromLists(name, machine);
    for (const problem of problems) note(`Cannot take ${name} out of a list: ${problem}`);
    settings = await readSettings(machine, name).catch(() => '');
    await removeFolder(place);
    const secrets = now?.record?.secrets ?? [];
    if (secrets.length > 0) await dropSecrets(openSecretStore(machine.environment), secrets);
  });
  print(`${name} is gone`);
  await clearPackages(machine, settings);
  const audit = auditFile(machine, name);
  if (existsSync(audit)) note(`Its audit trail stays: ${audit}`);
}

function refuse({ name, pid }: ServerView): Error {
  const advice = `Stop it first with usher stop ${name}, or give --force`;
  return fail('server_not_stopped', {
    what: 'take away',
    name,
    reason: `it runs${pid === undefined ? '' : `, process ${pid}`}`,
    advice,
  });
}
