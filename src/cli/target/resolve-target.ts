import type { Command } from 'commander';
import { containTarget } from './contain-target.ts';
import type { ReadTarget } from './read-target.ts';

/** A target of which nothing has to be looked up any more. */
export interface ResolvedTarget extends ReadTarget {
  /** Asks whoever runs it, where that is needed.
   * @returns exactly the image that was agreed to, in place of the one its tag means
   * @throws UsherError registry_consent_needed
   */
  readonly agree?: () => Promise<string | undefined>;
}

/** Looks a name up, and makes a container of a package where that is asked for. Runs and fetches nothing.
 * @throws UsherError name_unknown, name_ambiguous, registry_unusable, registry_entry_refused
 */
export async function resolveTarget(
  command: Command,
  written: ReadTarget,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ResolvedTarget> {
  if (written.name === undefined) return containTarget(command, written, environment);
  const { lookUpTarget } = await import('./look-up-target.ts');
  const { target, agree } = await lookUpTarget(command, written.name, environment);
  const problems = [...written.problems, ...target.problems];
  return { ...containTarget(command, { ...target, problems }, environment), agree };
}
