import type { Client } from './client.ts';
import { clientTable } from './client-table.ts';
import { FileProblem } from './formats/format.ts';
import { loadFormat } from './formats/formats.ts';
import { aliveOf, type Holder } from './holder.ts';
import { type Ledger, type LedgerEntry, readLedger, withLedger } from './ledger.ts';
import type { Machine } from './machine.ts';
import type { Outcome } from './outcome.ts';
import { takeEntry } from './take-entry.ts';

export interface RemoveServerOptions {
  readonly machine: Machine;
  /** Only out of these; out of all when absent. */
  readonly clients?: readonly Client[];
  /** Also entries that people changed. */
  readonly force?: boolean;
  /** Only what gateways wrote and none needs any more: without this one, or without any that has ended. */
  readonly unneededBy?: Holder | 'ended';
}

/** Takes a server out of the clients' settings again, wherever Usher wrote it, and leaves them as they were before. What
 * people changed since stays.
 * @returns what became of each; empty when there was nothing to take out
 * @throws UsherError `client_state_unusable` before anything is written
 */
export async function removeServer(
  name: string,
  { machine, clients, force = false, unneededBy }: RemoveServerOptions,
): Promise<readonly Outcome[]> {
  // Most often there is nothing to do: then nothing is written, not even a lock.
  if (!(await readLedger(machine)).entries.some((entry) => entry.name === name)) return [];
  return await withLedger(machine, async (ledger, save) => {
    const outcomes: Outcome[] = [];
    let current = ledger;
    for (const ours of ledger.entries.filter((entry) => entry.name === name)) {
      const { file } = ours;
      const client = clientTable.find(({ id }) => id === ours.client);
      if (clients !== undefined && (client === undefined || !clients.includes(client))) continue;
      if (unneededBy !== undefined) {
        if (ours.heldBy === undefined) continue;
        const others = await aliveOf(ours.heldBy, unneededBy === 'ended' ? undefined : unneededBy);
        if (others.length > 0) {
          current = holdBy(current, ours, others);
          await save(current);
          continue;
        }
      }
      if (client === undefined) {
        const reason = `this version does not know the client ${ours.client}`;
        const problem = { reason, advice: `Remove ${name} from it in an editor` };
        outcomes.push({ client: ours.client, title: ours.client, file, result: 'kept', problem });
        continue;
      }
      const { id, title } = client;
      try {
        const task = { client, file, format: await loadFormat(client.format), name, force };
        const { result, ledger: after } = await takeEntry(task, ours, current, save);
        current = after;
        outcomes.push({ client: id, title, file, result });
      } catch (error) {
        if (!(error instanceof FileProblem)) throw error;
        const problem = { reason: error.message, advice: error.advice };
        outcomes.push({ client: id, title, file, result: 'kept', problem });
      }
    }
    return outcomes;
  });
}

/** The ledger with the gateways that an entry stands there for now. */
function holdBy(ledger: Ledger, ours: LedgerEntry, holders: readonly Holder[]): Ledger {
  const entries = ledger.entries.map((one) => (one === ours ? { ...ours, heldBy: [...holders] } : one));
  return { ...ledger, entries };
}
