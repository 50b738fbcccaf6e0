import { addServer } from '../clients/add-server.ts';
import { chooseClients } from '../clients/choose-clients.ts';
import { clientTable } from '../clients/client-table.ts';
import type { Machine } from '../clients/machine.ts';
import type { Outcome } from '../clients/outcome.ts';
import { removeServer } from '../clients/remove-server.ts';
import { reasonOf } from '../model/reason-of.ts';
import type { ServerRecord } from './server-record.ts';

/** What became of a server in the lists of MCP clients, in sentences: no list is a reason not to run. */
export interface ListNotes {
  /** Titles of the clients that have it now. */
  readonly clients: readonly string[];
  readonly problems: readonly string[];
}

/** Makes a running server appear in the lists of MCP clients it was made for. Never rejects. */
export async function addToLists(
  { name, url }: { name: string; url: string },
  wanted: ServerRecord['clients'],
  machine: Machine,
): Promise<ListNotes> {
  if (wanted === 'none') return { clients: [], problems: [] };
  return await tell(async () => {
    const clients =
      wanted === 'chosen' ? await chooseClients(machine) : clientTable.filter(({ id }) => wanted.includes(id));
    return clients.length === 0 ? [] : await addServer({ name, url }, { clients, machine });
  });
}

/** Takes a server out of the lists it was put into. Never rejects. */
export async function removeFromLists(name: string, machine: Machine): Promise<ListNotes> {
  return await tell(() => removeServer(name, { machine }));
}

async function tell(change: () => Promise<readonly Outcome[]>): Promise<ListNotes> {
  try {
    const outcomes = await change();
    return {
      clients: outcomes.flatMap(({ problem, title }) => (problem === undefined ? [title] : [])),
      problems: outcomes.flatMap(({ problem, title, file }) =>
        problem === undefined ? [] : [`${title}, ${file}: ${problem.reason}. ${problem.advice}`],
      ),
    };
  } catch (error) {
    return { clients: [], problems: [reasonOf(error)] };
  }
}
