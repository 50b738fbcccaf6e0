import { createHash } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../lib/parse-json.ts';
import { damaged, findFile, writeFile } from './state-files.ts';
import type { Seed } from '../seed/seed-schema.ts';
import { buildSeedState } from './seed-state.ts';
import { orgDataSchema, type OrgData } from './state-schema.ts';

/** The org as it is now. Who reads takes `current` anew each time. */
export interface OrgState {
  readonly current: OrgData;
  /** Goes up with every change. */
  readonly version: number;
  /** Changes a copy, keeps it in the state folder, then puts it in the place of what was. What throws changes nothing;
   * changes happen one after the other.
   */
  change<T>(update: (draft: OrgData) => T): Promise<T>;
}

const fileSchema = z.strictObject({ seed: z.string(), data: orgDataSchema });

/** The org of a seed with all that was changed since. A seed that is not the one the changes were made on begins the org
 * anew; the old state is kept beside it as `org.json.old`.
 */
export async function readOrgState(stateDir: string, seed: Seed, log: (line: string) => void): Promise<OrgState> {
  const file = fileIn(stateDir);
  const kept = await findOrgData(stateDir, seed);
  if (kept.isOfAnotherSeed) {
    await rename(file, `${file}.old`);
    log('org begun anew: the seed is not the one it was changed on');
  }
  let current = kept.data ?? buildSeedState(seed, new Date());
  let version = 0;
  let last: Promise<unknown> = Promise.resolve();
  const change = async <T>(update: (draft: OrgData) => T): Promise<T> => {
    const draft = structuredClone(current);
    const result = update(draft);
    await writeFile(file, `${JSON.stringify({ seed: hashOf(seed), data: draft }, undefined, 2)}\n`);
    current = draft;
    version += 1;
    return result;
  };
  return {
    get current() {
      return current;
    },
    get version() {
      return version;
    },
    change: (update) => {
      const next = last.then(() => change(update));
      last = next.catch(() => undefined);
      return next;
    },
  };
}

/** What the state folder has of the org, if it was changed at all; data of another seed do not count. */
export async function findOrgData(
  stateDir: string,
  seed: Seed,
): Promise<{ readonly data: OrgData | undefined; readonly isOfAnotherSeed: boolean }> {
  const file = fileIn(stateDir);
  const text = await findFile(file);
  if (text === undefined) return { data: undefined, isOfAnotherSeed: false };
  const kept = fileSchema.safeParse(parseJson(text));
  if (!kept.success) {
    throw damaged(file, 'Delete it to begin with the seed again');
  }
  const isSame = kept.data.seed === hashOf(seed);
  return { data: isSame ? kept.data.data : undefined, isOfAnotherSeed: !isSame };
}

function fileIn(stateDir: string): string {
  return join(stateDir, 'org.json');
}

function hashOf(seed: Seed): string {
  return createHash('sha256').update(JSON.stringify(seed)).digest('hex');
}
