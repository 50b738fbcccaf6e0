import { clientTable } from './client-table.ts';
import { readText } from './files/edit-file.ts';
import { findEntry } from './formats/edit.ts';
import { FileProblem } from './formats/format.ts';
import { loadFormat } from './formats/formats.ts';
import { aliveOf } from './holder.ts';
import { digestOf, type LedgerEntry, readLedger } from './ledger.ts';
import type { Machine } from './machine.ts';

/** A server that Usher wrote into a client's settings, and how it stands there now. */
export interface ListedServer {
  readonly name: string;
  readonly url: string;
  readonly client: string;
  readonly title: string;
  readonly file: string;
  readonly state:
    | 'present'
    | 'changed'
    | 'gone'
    | 'unreadable'
    /** It stands there as written, for a gateway that has ended without taking it out. */
    | 'abandoned';
  /** Does it go with the gateway that serves it? Else somebody had it written, and it stays until it is taken out. */
  readonly isPassing: boolean;
  /** Why it cannot be read. */
  readonly reason?: string;
}

/** What Usher wrote and where, compared with what stands there.
 * @throws UsherError `client_state_unusable`
 */
export async function listServers(machine: Machine): Promise<readonly ListedServer[]> {
  const { entries } = await readLedger(machine);
  return await Promise.all(entries.map(look));
}

async function look(ours: LedgerEntry): Promise<ListedServer> {
  const { name, url, file } = ours;
  const client = clientTable.find(({ id }) => id === ours.client);
  const isPassing = ours.heldBy !== undefined;
  const known = { name, url, client: ours.client, title: client?.title ?? ours.client, file, isPassing };
  if (client === undefined) return { ...known, state: 'unreadable', reason: 'this version does not know the client' };
  try {
    const text = await readText(file);
    const found = text === undefined ? undefined : findEntry(await loadFormat(client.format), text, client, name);
    if (found === undefined) return { ...known, state: 'gone' };
    if (digestOf(found) !== ours.digest) return { ...known, state: 'changed' };
    const isServed = ours.heldBy === undefined || (await aliveOf(ours.heldBy)).length > 0;
    return { ...known, state: isServed ? 'present' : 'abandoned' };
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    return { ...known, state: 'unreadable', reason: error.message };
  }
}
