import type { Command } from 'commander';
import { workloadLeaf } from '../../config/leaves.ts';
import type { GivenFlag } from '../../config/read-flags.ts';
import { plain } from '../../lib/plain.ts';
import { spellPackage } from '../../packages/package.ts';
import { fetchHere } from './fetch-command.ts';
import { packageOptions } from '../options/package-options.ts';
import { note, warn } from '../print.ts';
import type { ReadTarget } from './read-target.ts';
import { SimpleValues } from '../options/simple-options.ts';
import { watchStopSignal } from '../stop-signal.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Fetches the package a command line names, and says what runs; a target of any other kind stays as it is. Undefined when
 * the process was asked to stop meanwhile.
 * @throws UsherError package_failed, runner_missing
 */
export async function fetchTarget(
  command: Command,
  { package: wanted, flags }: ReadTarget,
  environment: Environment,
): Promise<readonly GivenFlag[] | undefined> {
  if (wanted === undefined) return flags;
  const allowsScripts = new SimpleValues(command, environment).isSet(packageOptions.allowInstallScripts);
  using stop = watchStopSignal();
  try {
    const fetched = await fetchHere(wanted, {
      environment,
      allowsScripts,
      signal: stop.signal,
      tell: note,
    });
    const pinned = spellPackage(fetched.package);
    if (!wanted.isPinned)
      warn(
        `${spellPackage(wanted)} is not pinned: ${pinned} is run, the newest now; write that to run the same next time`,
      );
    if (fetched.scripts.length > 0) tellScripts(pinned, fetched.scripts, allowsScripts);
    // With its version it stands for the command: whoever starts it finds it where it was fetched, also on another machine.
    return flags.map((flag) =>
      flag.leaf === workloadLeaf('command') ? { ...flag, texts: [pinned, ...flag.texts.slice(1)] } : flag,
    );
  } catch (error) {
    if (!stop.signal.aborted || error !== stop.signal.reason) throw error;
    note('Stopped before it had started');
    return undefined;
  }
}

function tellScripts(pinned: string, scripts: readonly string[], wereRun: boolean): void {
  const whose = `${pinned} has install scripts (of ${plain(scripts.join(', '))})`;
  warn(
    wereRun
      ? `${whose}, which were run with your rights`
      : `${whose}, which were not run; where it does not work without them, and you trust them, say --allow-install-scripts`,
  );
}
