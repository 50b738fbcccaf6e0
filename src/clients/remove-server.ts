import type { Client } from './client.ts';
import { clientTable } from './client-table.ts';
import { FileProblem } from './formats/format.ts';
import { loadFormat } from './formats/formats.ts';
import { withLedger } from './ledger.ts';
import type { Machine } from './machine.ts';
import type { Outcome } from './outcome.ts';
import { takeEntry } from './take-entry.ts';

/** Takes a server out of the clients' settings again, wherever Usher wrote it, and leaves them as they were before. What
 * people changed since stays.
 * @param options.clients only these; all when absent
 * @param options.force also entries that people changed
 * @returns what became of each; empty when Usher wrote it nowhere
 * @throws UsherError `client_state_unusable` before anything is written
 */
export async function removeServer(
  name: string,
  { machine, clients, force = false }: { machine: Machine; clients?: readonly Client[]; force?: boolean },
): Promise<readonly Outcome[]> {
  return await withLedger(machine, async (ledger, save) => {
    const outcomes: Outcome[] = [];
    let current = ledger;
    for (const ours of ledger.entries.filter((entry) => entry.name === name)) {
      const { file } = ours;
      const client = clientTable.find(({ id }) => id === ours.client);
      if (clients !== undefined && (client === undefined || !clients.includes(client))) continue;
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
