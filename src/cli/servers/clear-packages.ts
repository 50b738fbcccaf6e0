import { existsSync } from 'node:fs';
import type { Machine } from '../../clients/machine.ts';
import { describe } from '../../lib/describe-error.ts';
import { findStateFile } from '../../lib/state-file.ts';
import { nameOfFetched } from '../../packages/fetch-package.ts';
import type { Runner } from '../../packages/package.ts';
import { clearCache } from '../../packages/package-cache.ts';
import { parsePackage } from '../../packages/parse-package.ts';
import { listNames } from '../../servers/look-at-server.ts';
import { placeOf } from '../../servers/places.ts';
import { cacheFolder } from '../target/fetch-command.ts';
import { note } from '../print.ts';

/** Takes packages out of the cache that no server has any more: those of a server that is gone at once, others when nobody has run
 * them for thirty days. Never fails: what stays is there the next time.
 * @param settings text of the configuration the server had
 */
export async function clearPackages(machine: Machine, settings: string): Promise<void> {
  const cache = cacheFolder(machine.environment);
  if (!existsSync(cache)) return;
  try {
    // One that cannot be read may name any of them: then all stay.
    const texts = await Promise.all((await listNames(machine)).map((name) => readSettings(machine, name)));
    const removed = await clearCache(cache, {
      named: new Set(texts.flatMap(namesIn)),
      isNamedFolder: (folder) => texts.some((text) => text.includes(folder)),
      unwanted: new Set(namesIn(settings)),
    });
    const plural =
      removed.length === 1
        ? 'A package that no server has any more is'
        : `${removed.length} packages that no server has any more are`;
    if (removed.length > 0) note(`${plural} gone from ${cache}`);
  } catch (error) {
    note(`Packages that no server has any more stay in ${cache}: ${describe(error)}`);
  }
}

/** Empty for one that runs in a terminal: its process itself holds what it uses. */
export async function readSettings(machine: Machine, name: string): Promise<string> {
  return (await findStateFile(placeOf(machine, name).settings)) ?? '';
}

const runners = ['npx', 'uvx', 'go'] as const satisfies readonly Runner[];

/** What the packages that a configuration names are called in the cache, whether their code could run when they were fetched or not. */
function namesIn(text: string): readonly string[] {
  return runners.flatMap((runner) =>
    [...text.matchAll(new RegExp(`\\b${runner}:(?://)?([^\\s"']+)`, 'g'))].flatMap(([, name = '']) => {
      const parsed = parsePackage(runner, name);
      if ('problem' in parsed || parsed.package.version === undefined) return [];
      const exact = { ...parsed.package, version: parsed.package.version };
      return [nameOfFetched(exact, false), nameOfFetched(exact, true)];
    }),
  );
}
