import { accessSync, constants } from 'node:fs';
import { addServer } from '../clients/add-server.ts';
import { chooseClients, readChoice } from '../clients/choose-clients.ts';
import type { Client, ServerEntry } from '../clients/client.ts';
import { clientTable } from '../clients/client-table.ts';
import { type Holder, thisHolder } from '../clients/holder.ts';
import { isInstalled, type Machine } from '../clients/machine.ts';
import type { Outcome } from '../clients/outcome.ts';
import { removeServer } from '../clients/remove-server.ts';
import { reasonOf } from '../model/reason-of.ts';
import type { Secret } from '../model/secret.ts';
import type { WantedClients } from './server-record.ts';

/** A server as clients are to have it. */
export interface ServedServer {
  readonly name: string;
  readonly resourceUrl: string;
  /** What local callers need, where they need one that Usher made. */
  readonly callerToken: Secret | undefined;
  /** Does it take callers without a token? */
  readonly isOpen: boolean;
  /** The client people sign in with, where theirs cannot register itself. */
  readonly oauth: { readonly clientId: string; readonly callbackPort?: number | undefined } | undefined;
}

/** Where servers stand in clients now, in words for whoever runs them: no client is a reason not to serve. */
export interface ListNotes {
  /** Titles of the clients that have a server now, by its name. */
  readonly clients: ReadonlyMap<string, readonly string[]>;
  /** Were these taken because they are installed here, and nobody has chosen any? */
  readonly isUnchosen: boolean;
  /** What people have to do in a client. */
  readonly hints: readonly string[];
  readonly problems: readonly string[];
}

/** The entries of this process's servers in the settings of MCP clients: there while it serves. */
export class ClientLists {
  readonly #machine: Machine;
  readonly #holder: Promise<Holder> = thisHolder();
  /** Of servers that may stand in clients for this process. */
  readonly #names = new Set<string>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Makes these servers stand in the clients wanted, and nowhere else of what gateways wrote for them; servers put there
   * earlier and not named any more are taken out. One change after the other. Never rejects.
   */
  put(servers: readonly ServedServer[], wanted: WantedClients): Promise<ListNotes> {
    return this.#after(() => this.#put(servers, wanted));
  }

  /** Takes them out again, but those that another gateway has there. Never rejects.
   * @returns what could not be taken out, in sentences
   */
  leave(): Promise<readonly string[]> {
    return this.#after(async () => {
      const holder = await this.#holder;
      const problems: string[] = [];
      for (const name of this.#names) problems.push(...(await takeOut(name, this.#machine, holder)));
      this.#names.clear();
      return problems;
    });
  }

  async #put(servers: readonly ServedServer[], wanted: WantedClients): Promise<ListNotes> {
    const machine = this.#machine;
    const outcomes: Outcome[] = [];
    const clients = new Map<string, readonly string[]>();
    const names = servers.map(({ name }) => name);
    let isUnchosen = false;
    const problems: string[] = [];
    // Users of services have no home they could enter, and no clients.
    if (wanted === 'chosen' && !canEnter(machine.home)) return { clients, isUnchosen, hints: [], problems };
    try {
      const chosen = await findWanted(wanted, machine);
      isUnchosen = wanted === 'chosen' && (await readChoice(machine)) === undefined;
      const holder = await this.#holder;
      const others = clientTable.filter((client) => !chosen.includes(client));
      for (const server of servers) {
        if (chosen.length > 0) this.#names.add(server.name);
        const done = chosen.length === 0 ? [] : await addServer(entryOf(server), { clients: chosen, machine, holder });
        clients.set(server.name, titlesOf(done));
        outcomes.push(...done, ...(await removeServer(server.name, { clients: others, machine, unneededBy: holder })));
      }
      for (const name of [...this.#names].filter((one) => !names.includes(one))) {
        outcomes.push(...(await removeServer(name, { machine, unneededBy: holder })));
        this.#names.delete(name);
      }
    } catch (error) {
      if (wanted !== 'none') problems.push(reasonOf(error));
    }
    const hints = outcomes.flatMap(({ title, note }) => (note === undefined ? [] : [`${title}: ${note}`]));
    return { clients, isUnchosen, hints: [...new Set(hints)], problems: [...problems, ...problemsOf(outcomes)] };
  }

  #after<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done;
    return done;
  }
}

/** Takes a server out of the clients where one that has ended left it. Never rejects.
 * @returns what could not be taken out, in sentences
 */
export async function removeFromLists(name: string, machine: Machine): Promise<readonly string[]> {
  return await takeOut(name, machine, 'ended');
}

/** Is it there, and may its files be looked at? */
function canEnter(folder: string): boolean {
  try {
    accessSync(`${folder}/`, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function takeOut(name: string, machine: Machine, unneededBy: Holder | 'ended'): Promise<readonly string[]> {
  try {
    return problemsOf(await removeServer(name, { machine, unneededBy }));
  } catch (error) {
    return [reasonOf(error)];
  }
}

async function findWanted(wanted: WantedClients, machine: Machine): Promise<readonly Client[]> {
  if (wanted === 'none') return [];
  if (wanted === 'chosen') return await chooseClients(machine);
  if (wanted === 'installed') return clientTable.filter((client) => isInstalled(client, machine));
  return clientTable.filter(({ id }) => wanted.includes(id));
}

function entryOf({ name, resourceUrl, callerToken, isOpen, oauth }: ServedServer): ServerEntry {
  const headers = callerToken === undefined ? {} : { headers: { Authorization: `Bearer ${callerToken.reveal()}` } };
  return {
    name,
    url: resourceUrl,
    isOpen,
    ...headers,
    ...(oauth === undefined || isOpen || callerToken !== undefined ? {} : { oauth: clientOf(oauth) }),
  };
}

function clientOf({ clientId, callbackPort }: NonNullable<ServedServer['oauth']>): ServerEntry['oauth'] & object {
  return { clientId, ...(callbackPort === undefined ? {} : { callbackPort }) };
}

function titlesOf(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes.flatMap(({ problem, title }) => (problem === undefined ? [title] : []));
}

function problemsOf(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes.flatMap(({ problem, title, file }) =>
    problem === undefined ? [] : [`${title}, ${file}: ${problem.reason}. ${problem.advice}`],
  );
}
