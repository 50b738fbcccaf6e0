import type { Client, ServerEntry } from './client.ts';
import { throughMcpRemote } from './entry-shapes.ts';
import { FileProblem } from './formats/format.ts';
import { loadFormat } from './formats/formats.ts';
import type { Holder } from './holder.ts';
import { findClientFile, type Machine } from './machine.ts';
import { withLedger } from './ledger.ts';
import type { Outcome } from './outcome.ts';
import { putEntry } from './put-entry.ts';

export interface AddServerOptions {
  /** Usually {@link chooseClients}. */
  readonly clients: readonly Client[];
  readonly machine: Machine;
  /** Also where people changed what Usher wrote. */
  readonly force?: boolean;
  /** The gateway that serves it: what is written goes with it, and what somebody had written there stays as it is. Absent
   * where somebody asks for the entry: then it stays until they take it out.
   */
  readonly holder?: Holder;
}

/** Makes a server appear in clients: writes it into the settings of each, or brings what Usher wrote there up to date. One
 * client whose settings cannot be written does not keep it from the others.
 * @returns what became of it, in the order of the clients
 * @throws UsherError `client_state_unusable` before anything is written
 */
export async function addServer(
  server: ServerEntry,
  { clients, machine, force = false, holder }: AddServerOptions,
): Promise<readonly Outcome[]> {
  return await withLedger(machine, async (ledger, save) => {
    const outcomes: Outcome[] = [];
    let current = ledger;
    for (const client of clients) {
      const file = findClientFile(client, machine);
      if (file === undefined) continue;
      const { id, title } = client;
      const format = await loadFormat(client.format);
      const task = { client, file, format, name: server.name, force, ...(holder === undefined ? {} : { holder }) };
      try {
        if (holder !== undefined) checkProject(client, server);
        const { result, ledger: after, isClosed } = await putEntry(task, server, current, save);
        current = after;
        outcomes.push({ client: id, title, file, result, ...noteOf(client, server, { result, isClosed }) });
      } catch (error) {
        if (!(error instanceof FileProblem)) throw error;
        const problem = { reason: error.message, advice: error.advice };
        outcomes.push({ client: id, title, file, result: 'kept', problem });
      }
    }
    return outcomes;
  });
}

/** Nobody has asked for a token of their own in a file that others get.
 * @throws FileProblem
 */
function checkProject({ project }: Client, { name, headers = {} }: ServerEntry): void {
  if (project !== true || Object.keys(headers).length === 0) return;
  throw new FileProblem(
    `everybody who works on the project would get the token that ${name} asks for`,
    'Name a client of your own with --client',
  );
}

function noteOf(
  client: Client,
  server: ServerEntry,
  { result, isClosed }: { result: Outcome['result']; isClosed: boolean },
): { note?: string } {
  // What stood there already, people have dealt with.
  const isNew = result !== 'unchanged';
  const needsSignIn =
    server.isOpen !== true &&
    !Object.keys(server.headers ?? {}).some((header) => header.toLowerCase() === 'authorization');
  const notes = [
    ...(isNew && client.after !== undefined ? [client.after] : []),
    ...(isNew && needsSignIn && client.signIn !== undefined
      ? [`Sign in with: ${client.signIn.replace('NAME', server.name)}`]
      : []),
    ...(isClosed ? ['Its file has the headers in it now, so only you can read it'] : []),
    ...(server.oauth !== undefined && !takesClientId(client)
      ? [`It takes no client id from a file: give ${server.oauth.clientId} when it asks`]
      : []),
    ...(Object.keys(server.headers ?? {}).length > 0 && !takesHeaders(client)
      ? [`It takes no headers from a file: give it ${Object.keys(server.headers ?? {}).join(' and ')} where it asks`]
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
