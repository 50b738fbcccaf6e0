import { createHash } from 'node:crypto';
import { z } from 'zod';
import { adviseWriting, describe } from '../lib/describe-error.ts';
import { holdLock } from '../lib/hold-lock.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import { parseJson } from '../lib/parse-json.ts';
import { findStateFile, writeStateFile } from '../lib/state-file.ts';
import { fail } from '../model/usher-error.ts';
import { holderSchema } from './holder.ts';
import { ledgerFile, type Machine } from './machine.ts';

const lockTimeoutMs = 15_000;

const schema = z.strictObject({
  version: z.literal(1),
  entries: z.array(
    z.strictObject({
      client: z.string(),
      file: z.string(),
      name: z.string(),
      url: z.string(),
      /** Of what was written: headers can be secrets, and need not be kept a second time. */
      digest: z.string(),
      /** Of what stood there before it: an Usher that was stopped may not have come to write the new one. */
      formerly: z.string().exactOptional(),
      joint: z.string().exactOptional(),
      /** The gateways it stands there for, and goes with; absent for one that somebody had written, which stays. */
      heldBy: z.array(holderSchema).exactOptional(),
    }),
  ),
  files: z.record(
    z.string(),
    z.strictObject({
      /** Folders that were made for it, the outermost first; the file, too, where these are named. */
      made: z.array(z.string()).exactOptional(),
      blank: z.string().exactOptional(),
      depth: z.number().exactOptional(),
      hollow: z.record(z.string(), z.string()).exactOptional(),
      /** Its permissions before others were kept from reading headers in it. */
      mode: z.number().int().exactOptional(),
    }),
  ),
});

/** What Usher wrote into whose files: whatever is not in here is somebody else's. */
export type Ledger = z.infer<typeof schema>;
export type LedgerEntry = Ledger['entries'][number];
export type LedgerFile = Ledger['files'][string];

/** Reads the ledger.
 * @throws UsherError `client_state_unusable` when it is damaged or cannot be read
 */
export async function readLedger(machine: Machine): Promise<Ledger> {
  const path = ledgerFile(machine);
  const text = await findStateFile(path).catch((cause: unknown) => {
    throw refuse(path, describe(cause), cause);
  });
  if (text === undefined) return { version: 1, entries: [], files: {} };
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) throw refuse(path, 'it is damaged');
  return parsed.data;
}

function refuse(path: string, reason: string, cause?: unknown): Error {
  const what = 'which entries in the settings of MCP clients are its own';
  const advice = adviseWriting(
    cause,
    'Mend it, or put it back from a copy: until then no settings are touched; without it every entry counts as somebody else’s',
  );
  return fail('client_state_unusable', { path, what, reason, advice }, { cause });
}

/** Does the work with the ledger, alone among all Ushers of this user.
 * @throws UsherError `client_state_unusable` when it cannot be had
 */
export async function withLedger<T>(
  machine: Machine,
  work: (ledger: Ledger, save: (ledger: Ledger) => Promise<void>) => Promise<T>,
): Promise<T> {
  const path = ledgerFile(machine);
  const lock = await holdLock(`${path}.lock`, { timeoutMs: lockTimeoutMs }).catch((cause: unknown) => {
    throw refuse(path, describe(cause), cause);
  });
  if (lock === undefined) throw refuse(path, 'another usher has held it for too long');
  await using _ = lock;
  return await work(await readLedger(machine), async (ledger) => {
    await writeStateFile(path, `${JSON.stringify(ledger, undefined, 2)}\n`).catch((cause: unknown) => {
      throw refuse(path, describe(cause), cause);
    });
  });
}

/** Tells what was written from what somebody made of it; order of keys does not count. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('base64url');
}
