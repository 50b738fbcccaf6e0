import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { describe } from '../lib/describe-error.ts';
import { parseJson } from '../lib/parse-json.ts';
import { findStateFile, writeStateFile } from '../lib/state-file.ts';
import { fail } from '../model/usher-error.ts';
import type { Client } from './client.ts';
import { clientTable } from './client-table.ts';
import { choiceFile, isInstalled, type Machine } from './machine.ts';

const schema = z.strictObject({ clients: z.array(z.string()) });

/** The clients servers are written into where nobody names any: those chosen with `usher client setup`, else those that are
 * installed here.
 * @throws UsherError `client_state_unusable` when the choice cannot be read
 */
export async function chooseClients(machine: Machine): Promise<readonly Client[]> {
  const chosen = await readChoice(machine);
  return clientTable.filter((client) =>
    chosen === undefined ? isInstalled(client, machine) : chosen.includes(client.id),
  );
}

/** The ids chosen; undefined when nobody chose.
 * @throws UsherError `client_state_unusable`
 */
export async function readChoice(machine: Machine): Promise<readonly string[] | undefined> {
  const path = choiceFile(machine);
  const text = await findStateFile(path).catch((cause: unknown) => {
    throw refuse(path, describe(cause), cause);
  });
  if (text === undefined) return undefined;
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) throw refuse(path, 'it is damaged');
  const unknown = parsed.data.clients.find((id) => !clientTable.some((client) => client.id === id));
  if (unknown !== undefined) throw refuse(path, `it names ${unknown}, which is no client Usher knows`);
  return parsed.data.clients;
}

/** Keeps the choice for all servers to come; undefined: those that are installed, whichever they are.
 * @throws UsherError `client_state_unusable`
 */
export async function writeChoice(machine: Machine, clients: readonly Client[] | undefined): Promise<void> {
  const path = choiceFile(machine);
  if (clients === undefined) {
    await rm(path, { force: true });
    return;
  }
  const text = JSON.stringify({ clients: clients.map(({ id }) => id) }, undefined, 2);
  await writeStateFile(path, `${text}\n`).catch((cause: unknown) => {
    throw refuse(path, describe(cause), cause);
  });
}

function refuse(path: string, reason: string, cause?: unknown): Error {
  const advice = 'Choose anew with usher client setup';
  return fail('client_state_unusable', { path, what: 'the choice of MCP clients', reason, advice }, { cause });
}
