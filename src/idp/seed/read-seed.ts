import { readFile } from 'node:fs/promises';
import { fail } from '../../model/usher-error.ts';
import { defaultSeed } from './default-seed.ts';
import { parseSeed } from './parse-seed.ts';
import type { Seed } from './seed-schema.ts';

/** The seed of a file, or the built-in one when no file is given.
 * @throws UsherError `config_invalid`
 */
export async function readSeed(file: string | undefined): Promise<Seed> {
  if (file === undefined) return parseSeed(defaultSeed, 'default seed');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw fail('config_invalid', { report: `Cannot read the seed file ${file}: ${reason}` }, { cause });
  }
  return parseSeed(text, file);
}
