import { quote } from '../../config/quote.ts';
import type { Problem } from '../../config/source.ts';
import type { Client, ServerEntry } from '../../clients/client.ts';
import { clientTable } from '../../clients/client-table.ts';
import { isInstalled, type Machine } from '../../clients/machine.ts';
import { findClosest } from '../../lib/closest.ts';
import type { SimpleOption, SimpleValues } from './simple-options.ts';

/** The client that people sign in with, for those of their clients that cannot register themselves. */
export const oauthOptions = {
  clientId: {
    flags: '--oauth-client-id <ID>',
    help: 'Client that people sign in with in their MCP client, where clients cannot register themselves',
    group: 'Server',
  },
  callbackPort: {
    flags: '--oauth-callback-port <PORT>',
    help: 'Port their MCP client waits on after signing in, where the provider wants it registered',
    group: 'Server',
  },
} as const satisfies Record<string, SimpleOption>;

/** That client; undefined when none was named. What is wrong is added to the problems. */
export function readOauth(values: SimpleValues, problems: Problem[]): ServerEntry['oauth'] {
  const clientId = values.text(oauthOptions.clientId);
  const hasPort = values.text(oauthOptions.callbackPort) !== undefined;
  const callbackPort = hasPort ? values.port(oauthOptions.callbackPort) : undefined;
  if (hasPort && clientId === undefined)
    problems.push({ where: '--oauth-callback-port', what: 'is of no use without --oauth-client-id' });
  return clientId === undefined ? undefined : { clientId, ...(callbackPort === undefined ? {} : { callbackPort }) };
}

/** Options that several of `usher client …` have. */
export const clientOptions = {
  client: {
    flags: '--client <LIST>',
    help: 'These clients, by their ids with commas between them; "installed" for those found here, "none" for none; see usher client list',
    group: 'Clients',
  },
  json: { flags: '--json', help: 'JSON instead of text', group: 'Output' },
  debug: { flags: '--debug', help: 'Show the stack of errors', group: 'Output' },
} as const satisfies Record<string, SimpleOption>;

/** The clients named, none for "none"; undefined when nothing was said. What is wrong is added to the problems. */
export function readClients(
  values: SimpleValues,
  machine: Machine,
  problems: Problem[],
): readonly Client[] | 'installed' | undefined {
  const text = values.text(clientOptions.client);
  if (text === undefined) return undefined;
  if (text === 'installed') return text;
  if (text === 'none') return [];
  const ids = clientTable.map(({ id }) => id);
  const wanted = text.split(',').map((id) => id.trim());
  for (const id of wanted) {
    const client = clientTable.find((row) => row.id === id);
    if (client !== undefined && client.file[machine.platform] !== undefined) continue;
    const closest = findClosest(id, ids);
    const advice = closest === undefined ? 'see usher client list' : `did you mean ${closest}?`;
    const what =
      client === undefined
        ? `names ${quote(id)}, which is no client; ${advice}`
        : `names ${id}, which is not known on this system`;
    problems.push({ where: '--client', what });
  }
  return clientTable.filter(({ id }) => wanted.includes(id));
}

/** The one name a command is about.
 * @param operands what stands before the options
 */
export function readName(
  operands: readonly string[],
  tail: readonly string[] | undefined,
  problems: Problem[],
): string {
  const [name, second] = operands;
  if (second !== undefined || tail !== undefined) {
    problems.push({ where: 'arguments', what: 'are too many: expected one NAME' });
  }
  if (name === undefined) problems.push({ where: 'NAME', what: 'is missing; give the name the server has in clients' });
  // As names of servers in the configuration, so that both can be the same.
  else if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) {
    problems.push({ where: 'NAME', what: `is ${quote(name)}, expected letters, digits, dots, dashes and underscores` });
  }
  return name ?? '';
}

/** Clients found on this machine. */
export function installedClients(machine: Machine): readonly Client[] {
  return clientTable.filter((client) => isInstalled(client, machine));
}
