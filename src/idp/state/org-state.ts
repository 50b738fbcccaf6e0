import { createHash } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { findStateFile, writeStateFile } from '../../lib/state-file.ts';
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
  const file = join(stateDir, 'org.json');
  const seedHash = createHash('sha256').update(JSON.stringify(seed)).digest('hex');
  const text = await findStateFile(file);
  const kept = text === undefined ? undefined : fileSchema.safeParse(parseJson(text));
  if (kept?.success === false) {
    throw new Error(`Cannot read the org in ${file}: the file is damaged. Delete it to begin with the seed again.`);
  }
  const isSame = kept?.data.seed === seedHash;
  if (kept !== undefined && !isSame) {
    await rename(file, `${file}.old`);
    log('org begun anew: the seed is not the one it was changed on');
  }
  let current = isSame && kept !== undefined ? kept.data.data : buildSeedState(seed, new Date());
  let version = 0;
  let last: Promise<unknown> = Promise.resolve();
  const change = async <T>(update: (draft: OrgData) => T): Promise<T> => {
    const draft = structuredClone(current);
    const result = update(draft);
    await writeStateFile(file, `${JSON.stringify({ seed: seedHash, data: draft }, undefined, 2)}\n`);
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
