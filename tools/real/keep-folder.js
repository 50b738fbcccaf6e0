import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Unavailable } from './unavailable.js';

/**
 * A folder of the user's cache that is made once and used by every run after it. It appears whole or not at all.
 *
 * @param {string} name says everything its content depends on
 * @param {(folder: string) => Promise<void>} fill
 * @param {string} [cache] the user's, when absent
 * @returns {Promise<string>} its path
 * @throws {Unavailable} where the cache cannot be written
 */
export async function keepFolder(name, fill, cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')) {
  const folder = join(cache, 'usher-tests', name);
  if (existsSync(folder)) return folder;
  const partial = await makePartial(folder);
  try {
    await fill(partial);
    // Another run may have been faster; then its folder is as good.
    await rename(partial, folder).catch((error) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return folder;
}

/** @param {string} folder */
async function makePartial(folder) {
  try {
    await mkdir(dirname(folder), { recursive: true });
    return await mkdtemp(`${folder}.partial-`);
  } catch (error) {
    throw new Unavailable(`no place to keep it: ${error instanceof Error ? error.message : String(error)}`);
  }
}
