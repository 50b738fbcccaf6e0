import { join } from 'node:path';
import { userFolder } from '../../lib/user-folder.ts';
import { fail } from '../../model/usher-error.ts';
import type { FetchedPackage } from '../../packages/fetch-package.ts';
import type { Package } from '../../packages/package.ts';
import { parsePackage } from '../../packages/parse-package.ts';
import { parseTarget } from './parse-target.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface FetchCommandOptions {
  readonly environment: Environment;
  readonly allowsScripts: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Hears what happens, for a person who waits. */
  readonly tell: (sentence: string) => void;
}

/** Fetches a package, unless it is here already.
 * @throws UsherError package_failed, runner_missing; the signal's reason
 */
export async function fetchHere(
  wanted: Package,
  { environment, ...options }: FetchCommandOptions,
): Promise<FetchedPackage> {
  const { fetchPackage } = await import('../../packages/fetch-package.ts');
  return await fetchPackage(wanted, { cache: cacheFolder(environment), ...options });
}

/** The command that is run for one of a configuration, where a package may stand in the place of a program. It has to name one
 * version: a restart must not run another.
 * @throws UsherError package_failed, runner_missing; the signal's reason
 */
export async function fetchCommand(
  command: readonly string[],
  options: FetchCommandOptions,
): Promise<readonly string[]> {
  const [word = '', ...args] = command;
  const target = parseTarget(word);
  if (target.kind !== 'package') return command;
  const parsed = parsePackage(target.runner, target.name);
  if ('problem' in parsed) throw refuse(word, parsed.problem);
  if (!parsed.package.isPinned) throw refuse(word, 'it names no exact version, and each start could run another');
  return [...(await fetchHere(parsed.package, options)).command, ...args];
}

function refuse(word: string, reason: string): Error {
  const advice = 'Write it as npx:NAME@1.2.3, uvx:NAME@1.2.3 or go:PATH@v1.2.3';
  return fail('package_failed', { package: word, reason, advice });
}

/** What can be fetched again: cache, in the words of the XDG Base Directory Specification. */
export function cacheFolder(environment: Environment): string {
  return join(userFolder(environment, 'XDG_CACHE_HOME'), 'usher', 'packages');
}
