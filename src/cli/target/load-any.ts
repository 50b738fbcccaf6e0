import type { Command } from 'commander';
import { leaves } from '../../config/leaves.ts';
import type { LoadedConfig } from '../../config/load.ts';
import type { CommandContext } from '../command-module.ts';
import { textsOf } from '../command.ts';
import { addForeignOptions } from '../options/foreign-options.ts';
import { addConfigOptions, loadArguments } from '../options/load-arguments.ts';
import { addRunOptions, oneServerOf, runSpelling } from './one-server.ts';
import { addPackageOptions } from '../options/package-options.ts';
import { readTarget } from './read-target.ts';
import { resolveTarget } from './resolve-target.ts';
import { givenFlags } from '../options/setting-options.ts';

const runLeaves = leaves.filter(({ meta }) => meta.flag !== 'target-uri');

/** Adds the options of `serve` and of `run`: a command that looks at a configuration takes either form. */
export function addAnyOptions(command: Command): Command {
  addForeignOptions(addPackageOptions(addRunOptions(command)));
  return addConfigOptions(command, runLeaves);
}

/** Whoever names nothing has mostly forgotten the file. */
const spelling = {
  ...runSpelling,
  upstreamAdvice: `give the file of a configuration (-f usher.yaml); or ${runSpelling.upstreamAdvice}`,
};

/** Loads what `serve` would, when only a file and gateway flags are given; else what `run` would.
 * @throws UsherError `config_invalid`
 */
export async function loadAny(command: Command, { tail, environment }: CommandContext): Promise<LoadedConfig> {
  const target = await resolveTarget(command, readTarget(command, tail), environment);
  const hasFile = textsOf(command, 'config').length > 0 || environment['USHER_CONFIG'] !== undefined;
  const flags = givenFlags(command, runLeaves);
  const isServer =
    !hasFile ||
    target.flags.length > 0 ||
    flags.some(({ leaf }) => leaf.scope === 'server') ||
    textsOf(command, 'name').length > 0;
  return loadArguments(command, {
    leaves: runLeaves,
    ...target,
    ...(isServer ? { oneServer: { ...oneServerOf(command), ...(hasFile ? {} : { spelling }) } } : {}),
    environment,
  });
}
