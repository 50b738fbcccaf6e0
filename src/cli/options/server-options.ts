import type { Machine } from '../../clients/machine.ts';
import type { Problem } from '../../config/source.ts';
import { quote } from '../../config/quote.ts';
import { findClosest } from '../../lib/closest.ts';
import { fail } from '../../model/usher-error.ts';
import { lookAtServer, lookAtServers, listNames, type ServerView } from '../../servers/look-at-server.ts';
import { isServerName } from '../../servers/places.ts';
import type { ServerRecord } from '../../servers/server-record.ts';
import type { SimpleOption, SimpleValues } from './simple-options.ts';

/** Options that several commands about servers have. */
export const serverOptions = {
  all: { flags: '-a, --all', help: 'All servers', group: 'Servers' },
  group: { flags: '--group <NAME>', help: 'Those of this group', group: 'Servers' },
  force: {
    flags: '--force',
    help: 'At once: calls under way are cut off, and a process that does not end is killed',
    group: 'Servers',
  },
  foreground: { flags: '--foreground', help: 'Stay in this terminal; it ends with it', group: 'Server' },
  json: { flags: '--json', help: 'JSON instead of text', group: 'Output' },
  debug: { flags: '--debug', help: 'Show the stack of errors', group: 'Output' },
} as const satisfies Record<string, SimpleOption>;

/** The one server a command is about.
 * @throws UsherError server_unknown
 */
export async function findServer(name: string, machine: Machine): Promise<ServerView> {
  const view = isServerName(name) ? await lookAtServer(name, machine) : undefined;
  if (view === undefined) throw await refuseUnknown(name, machine);
  return view;
}

/** Sees that the settings of a server can be had.
 * @throws UsherError server_state_unusable when its files are damaged, server_unknown when none are kept
 */
export function checkSaved({ name, state, place, record }: ServerView, advice: string): ServerRecord {
  if (state === 'damaged') {
    const mend = `Mend that file, or take it away with usher rm ${name} and run it anew`;
    throw fail('server_state_unusable', {
      path: place.folder,
      reason: `a file in it is damaged, usher status ${name} says which`,
      advice: mend,
    });
  }
  if (record?.isPassing !== false)
    throw fail('server_unknown', { what: `server called ${name} with saved settings`, advice });
  return record;
}

/** The servers that arguments name, or `--all`, or `--group`; what is wrong with these is added to the problems.
 * @throws UsherError server_unknown for the first that is not there, before anything is done with the others
 */
export async function findServers(
  names: readonly string[],
  values: SimpleValues,
  { machine, problems }: { machine: Machine; problems: Problem[] },
): Promise<readonly ServerView[]> {
  const group = values.text(serverOptions.group);
  const isAll = values.isSet(serverOptions.all);
  const ways = [names.length > 0, isAll, group !== undefined].filter(Boolean).length;
  if (ways === 0) problems.push({ where: 'NAME', what: 'is missing; give names of servers, --group or --all' });
  if (ways > 1) problems.push({ where: 'NAME', what: 'is given beside --group or --all; keep one of them' });
  if (problems.length > 0) return [];
  if (names.length > 0) return await Promise.all([...new Set(names)].map((name) => findServer(name, machine)));
  const all = await lookAtServers(machine);
  return isAll ? all : ofGroup(all, group ?? '');
}

/** Those of a group.
 * @throws UsherError server_unknown when there is no such group
 */
export function ofGroup(all: readonly ServerView[], group: string): readonly ServerView[] {
  const found = all.filter(({ record }) => record?.group === group);
  if (found.length > 0) return found;
  const groups = [...new Set(all.flatMap(({ record }) => record?.group ?? []))];
  const closest = findClosest(group, groups);
  const known = groups.length === 0 ? 'There are no servers' : `The groups are ${groups.join(', ')}`;
  const advice = closest === undefined ? known : `Did you mean the group ${closest}`;
  throw fail('server_unknown', { what: `server in the group ${quote(group)}`, advice });
}

async function refuseUnknown(name: string, machine: Machine): Promise<Error> {
  const names = await listNames(machine);
  const closest = findClosest(name, names);
  const known =
    names.length === 0
      ? 'usher run makes the first one'
      : `There ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}`;
  const advice = closest === undefined ? known : `Did you mean ${closest}`;
  return fail('server_unknown', { what: `server called ${quote(name)}`, advice });
}
