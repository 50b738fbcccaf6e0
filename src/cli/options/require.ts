import type { Command } from 'commander';
import { reportUsage } from '../../config/report.ts';
import type { Problem } from '../../config/source.ts';
import { sortLeftovers } from './unknown-flags.ts';

/** For commands that take no arguments: whatever stands there is a problem. Not quoted: it may be a misplaced value. */
export function refuseOperands(command: Command, tail: readonly string[] | undefined): Problem[] {
  const { operands } = sortLeftovers(command);
  if (operands.length === 0 && tail === undefined) return [];
  return [{ where: 'arguments', what: `are not taken by ${command.name()}; see ${command.name()} --help` }];
}

/** For commands about a file. */
export function requireFile(
  files: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Problem[] {
  if (files.length > 0 || environment['USHER_CONFIG'] !== undefined) return [];
  return [{ where: '--config', what: 'is missing; give the configuration file, for example -f usher.yaml' }];
}

/** For commands without a configuration: nothing but their own options may stand there.
 * @throws UsherError `config_invalid`
 */
export function refuseAll(command: Command, tail: readonly string[] | undefined): void {
  const problems = [...sortLeftovers(command).problems, ...refuseOperands(command, tail)];
  if (problems.length > 0) throw reportUsage(problems);
}
