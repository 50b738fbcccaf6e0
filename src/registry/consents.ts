import { join } from 'node:path';
import { z } from 'zod';
import { describe } from '../lib/describe-error.ts';
import { holdLock } from '../lib/hold-lock.ts';
import { parseJson } from '../lib/parse-json.ts';
import { findStateFile, writeStateFile } from '../lib/state-file.ts';
import { userFolder } from '../lib/user-folder.ts';
import { fail } from '../model/usher-error.ts';
import { entryDigest } from './entry-digest.ts';
import type { Entry } from './server-document.ts';

const lockTimeoutMs = 10_000;
const mostKept = 2_000;

const schema = z.strictObject({
  version: z.literal(1),
  agreed: z.array(
    z.strictObject({
      name: z.string(),
      version: z.string(),
      source: z.string(),
      digest: z.string(),
      image: z.string().optional(),
    }),
  ),
});
type Kept = z.output<typeof schema>;

/** What is known of an entry: agreed to as it is; agreed to in another version; agreed to in this version, which has become
 * something else since; never seen.
 */
export interface Consent {
  readonly state: 'agreed' | 'other version' | 'changed' | 'new';
  /** Of one that is agreed to: exactly the image its tag meant then, by its digest; undefined where nobody could tell. */
  readonly image?: string | undefined;
}

/** Where it is kept what people agreed to: state, in the words of the XDG Base Directory Specification. */
export function consentsFile(environment: Readonly<Record<string, string | undefined>>): string {
  return join(userFolder(environment, 'XDG_STATE_HOME'), 'usher', 'registry.json');
}

/** @throws UsherError registry_state_unusable */
export async function findConsent(file: string, { server, source, raw }: Entry): Promise<Consent> {
  const known = (await read(file)).agreed.filter((one) => one.name === server.name && one.source === source);
  if (known.length === 0) return { state: 'new' };
  const same = known.findLast(({ version }) => version === server.version);
  if (same === undefined) return { state: 'other version' };
  return same.digest === entryDigest(raw) ? { state: 'agreed', image: same.image } : { state: 'changed' };
}

/** @param image by its digest
 * @throws UsherError registry_state_unusable
 */
export async function keepConsent(file: string, { server, source, raw }: Entry, image?: string): Promise<void> {
  const { name, version } = server;
  await using lock = await holdLock(`${file}.lock`, { timeoutMs: lockTimeoutMs }).catch((cause: unknown) => {
    throw unusable(file, describe(cause), cause);
  });
  if (lock === undefined) throw unusable(file, 'another Usher has it for too long');
  const { agreed } = await read(file);
  const others = agreed.filter((one) => one.name !== name || one.version !== version || one.source !== source);
  const one = { name, version, source, digest: entryDigest(raw), ...(image === undefined ? {} : { image }) };
  const kept: Kept = { version: 1, agreed: [...others, one].slice(-mostKept) };
  await writeStateFile(file, `${JSON.stringify(kept, undefined, 2)}\n`).catch((cause: unknown) => {
    throw unusable(file, describe(cause), cause);
  });
}

async function read(file: string): Promise<Kept> {
  const text = await findStateFile(file).catch((cause: unknown) => {
    throw unusable(file, describe(cause), cause);
  });
  if (text === undefined) return { version: 1, agreed: [] };
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) throw unusable(file, 'it is damaged');
  return parsed.data;
}

function unusable(path: string, reason: string, cause?: unknown): Error {
  return fail('registry_state_unusable', { path, reason }, { cause });
}
