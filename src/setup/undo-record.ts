import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../lib/parse-json.ts';
import { describe } from '../lib/describe-error.ts';
import { findStateFile, writeStateFile } from '../lib/state-file.ts';
import type { SetUp, UndoStep } from '../model/set-up.ts';
import { fail } from '../model/usher-error.ts';

export const recordName = 'usher-setup.json';
/** Characters of a damaged or foreign record that a message repeats. */
const longestShown = 200;

const recordSchema = z.strictObject({
  version: z.literal(1),
  provider: z.string(),
  target: z.string(),
  /** In the order they were done. */
  steps: z.array(
    z.strictObject({
      sentence: z.string(),
      requests: z.array(
        z.strictObject({
          method: z.enum(['POST', 'PUT', 'DELETE']),
          // A path and nothing else: the requests go to the target, whatever the file says. URL takes %2e for a dot.
          path: z.string().regex(/^(?!.*\/(?:\.|%2e){1,2}(?:[/?#]|$))\/(?!\/)[\x21-\x5b\x5d-\x7e]+$/i),
          body: z.unknown().optional(),
        }),
      ),
    }),
  ),
  /** What was begun when it ended: it may be done or not. */
  pending: z.string().optional(),
  /** What was done by such an end, so that nobody knows how to take it back. */
  unsure: z.array(z.string()).default([]),
  /** Files of the same folder, as they were written. */
  files: z.record(z.string().regex(/^[a-z][a-z.-]*$/), z.string()),
});

/** What a set-up has done so far: enough to take it back, and to know its own files again. No secrets. */
export interface UndoRecord {
  readonly steps: readonly UndoStep[];
  /** The sentence of the step that is under way. */
  readonly pending?: string | undefined;
  /** Sentences of steps that were done without being on record. */
  readonly unsure: readonly string[];
  /** SHA-256 by file name. */
  readonly files: Readonly<Record<string, string>>;
}

/** Reads the record of this target out of a folder; undefined where there is none.
 * @throws UsherError `setup_conflict` for a damaged record, one that cannot be read, or one of another target
 */
export async function findRecord(folder: string, setUp: SetUp): Promise<UndoRecord | undefined> {
  const file = join(folder, recordName);
  const text = await orConflict(setUp.title, `read ${file}`, findStateFile(file));
  return text === undefined ? undefined : parseRecord(text, file, setUp);
}

/** The record in a text.
 * @param file what it is called in messages
 * @throws UsherError `setup_conflict`
 */
export function parseRecord(
  text: string,
  file: string,
  { provider, title, target }: Pick<SetUp, 'provider' | 'title' | 'target'>,
): UndoRecord {
  const parsed = recordSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    const reason = `${file} is damaged, so nobody knows what was set up from here`;
    throw fail('setup_conflict', {
      title,
      reason,
      advice: 'Put it back from a copy, or choose another folder with --out',
    });
  }
  const { data } = parsed;
  if (data.provider !== provider || data.target !== target) {
    const reason = `${file} is about ${shown(data)}, not about ${shown({ provider, target })}`;
    throw fail('setup_conflict', { title, reason, advice: 'Choose another folder with --out for this one' });
  }
  return data;
}

/** `keycloak at https://id.example.com`; what a file says can be of any length. */
function shown({ provider, target }: { readonly provider: string; readonly target: string }): string {
  return `${cut(provider)} at ${cut(target)}`;
}

function cut(text: string): string {
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}

/** Writes it, whole or not at all.
 * @throws UsherError `setup_conflict`
 */
export async function writeRecord(
  folder: string,
  { provider, title, target }: SetUp,
  record: UndoRecord,
): Promise<void> {
  const { steps, pending, unsure, files } = record;
  const text = JSON.stringify({ version: 1, provider, target, steps, pending, unsure, files }, undefined, 2);
  const file = join(folder, recordName);
  await orConflict(title, `write ${file}`, writeStateFile(file, `${text}\n`));
}

/** A disk that is full or somebody else's is nobody's defect.
 * @param what `write gateway/usher.yaml`
 */
export async function orConflict<T>(title: string, what: string, work: Promise<T>): Promise<T> {
  return await work.catch((cause: unknown) => {
    const reason = `cannot ${what}: ${describe(cause)}`;
    throw fail(
      'setup_conflict',
      { title, reason, advice: 'Mend that, or choose another folder with --out' },
      { cause },
    );
  });
}

/** Removes it, once there is nothing left to take back. */
export async function removeRecord(folder: string): Promise<void> {
  await rm(join(folder, recordName), { force: true });
}
