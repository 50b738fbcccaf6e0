import type { Command } from 'commander';
import { thisMachine, type Machine } from '../../clients/machine.ts';
import { reportUsage } from '../../config/report.ts';
import type { ServerView } from '../../servers/look-at-server.ts';
import type { CommandContext } from '../command-module.ts';
import { findServer, findServers } from '../options/server-options.ts';
import { SimpleValues } from '../options/simple-options.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

export interface ReadServers {
  readonly machine: Machine;
  readonly values: SimpleValues;
  readonly views: readonly ServerView[];
  /** Were they named, one by one? */
  readonly isNamed: boolean;
}

/** Reads which servers a command line is about: names, `--all` or `--group`.
 * @throws UsherError usage_invalid, server_unknown
 */
export async function readServers(command: Command, { tail, environment }: CommandContext): Promise<ReadServers> {
  const { operands, problems: unknown } = sortLeftovers(command);
  const values = new SimpleValues(command, environment);
  const problems = [...unknown, ...refuseTail(command, tail)];
  const machine = thisMachine(environment);
  const views = await findServers(operands, values, { machine, problems });
  problems.push(...values.problems);
  if (problems.length > 0) throw reportUsage(problems);
  return { machine, values, views, isNamed: operands.length > 0 };
}

/** The same for a command about one server.
 * @throws UsherError usage_invalid, server_unknown
 */
export async function readServer(
  command: Command,
  { tail, environment }: CommandContext,
): Promise<{ readonly machine: Machine; readonly values: SimpleValues; readonly view: ServerView }> {
  const { operands, problems: unknown } = sortLeftovers(command);
  const values = new SimpleValues(command, environment);
  const problems = [...unknown, ...refuseTail(command, tail)];
  const [name, second] = operands;
  if (name === undefined && unknown.length === 0)
    problems.push({ where: 'NAME', what: 'is missing; give the name of a server, usher list shows those there are' });
  if (second !== undefined) problems.push({ where: 'arguments', what: 'are too many: expected one NAME' });
  problems.push(...values.problems);
  if (problems.length > 0) throw reportUsage(problems);
  const machine = thisMachine(environment);
  return { machine, values, view: await findServer(name ?? '', machine) };
}

function refuseTail(command: Command, tail: readonly string[] | undefined): { where: string; what: string }[] {
  return tail === undefined ? [] : [{ where: '--', what: `is not taken by ${command.name()}` }];
}
