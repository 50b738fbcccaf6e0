import type { Client, ServerEntry } from './client.ts';
import { throughMcpRemote } from './entry-shapes.ts';
import { FileProblem } from './formats/format.ts';
import { loadFormat } from './formats/formats.ts';
import { findClientFile, type Machine } from './machine.ts';
import { withLedger } from './ledger.ts';
import type { Outcome } from './outcome.ts';
import { putEntry } from './put-entry.ts';

/** Makes a server appear in clients: writes it into the settings of each, or brings what Usher wrote there up to date. One
 * client whose settings cannot be written does not keep it from the others.
 * @param clients usually {@link chooseClients}
 * @returns what became of it, in the order of the clients
 * @throws UsherError `client_state_unusable` before anything is written
 */
export async function addServer(
  server: ServerEntry,
  { clients, machine, force = false }: { clients: readonly Client[]; machine: Machine; force?: boolean },
): Promise<readonly Outcome[]> {
  return await withLedger(machine, async (ledger, save) => {
    const outcomes: Outcome[] = [];
    let current = ledger;
    for (const client of clients) {
      const file = findClientFile(client, machine);
      if (file === undefined) continue;
      const { id, title } = client;
      const task = { client, file, format: await loadFormat(client.format), name: server.name, force };
      try {
        const { result, ledger: after } = await putEntry(
          task,
          { url: server.url, value: client.entry(server) },
          current,
          save,
        );
        current = after;
        outcomes.push({ client: id, title, file, result, ...noteOf(client, server) });
      } catch (error) {
        if (!(error instanceof FileProblem)) throw error;
        const problem = { reason: error.message, advice: error.advice };
        outcomes.push({ client: id, title, file, result: 'kept', problem });
      }
    }
    return outcomes;
  });
}

function noteOf(client: Client, server: ServerEntry): { note?: string } {
  const notes = [
    client.after?.replace('NAME', server.name),
    ...(server.oauth !== undefined && !takesClientId(client)
      ? [`It takes no client id from a file: give ${server.oauth.clientId} when it asks`]
      : []),
    ...(Object.keys(server.headers ?? {}).length > 0 && !takesHeaders(client)
      ? ['It takes no headers from a file']
      : []),
  ].filter((note) => note !== undefined);
  return notes.length === 0 ? {} : { note: notes.join('. ') };
}

const sample = { name: 'name', url: 'https://url.example/mcp' } as const;

/** Can the client that people sign in with be written into its settings? */
export function takesClientId({ entry }: Client): boolean {
  return JSON.stringify(entry({ ...sample, oauth: { clientId: 'sample-client-id' } })).includes('sample-client-id');
}

/** The same for the port it waits on after signing in. */
export function takesCallbackPort({ entry }: Client): boolean {
  return JSON.stringify(entry({ ...sample, oauth: { clientId: 'id', callbackPort: 54_321 } })).includes('54321');
}

/** The same for headers. */
export function takesHeaders({ entry }: Client): boolean {
  return JSON.stringify(entry({ ...sample, headers: { 'X-Sample': 'sample-value' } })).includes('sample-value');
}

/** Does it start a command, for it does not speak HTTP itself? */
export function isCommandOnly({ entry }: Client): boolean {
  return entry === throughMcpRemote;
}
