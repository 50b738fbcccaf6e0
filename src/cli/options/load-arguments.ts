import { type Command, Option } from 'commander';
import { type Leaf, leafOfFlag } from '../../config/leaves.ts';
import { loadConfig, type LoadedConfig, type LoadOptions } from '../../config/load.ts';
import type { GivenFlag } from '../../config/read-flags.ts';
import type { Problem } from '../../config/source.ts';
import { buildFindSecret } from '../../secrets/build-find-secret.ts';
import { openSecretStore } from '../../secrets/open-secret-store.ts';
import { checkForeignOptions } from './foreign-options.ts';
import { collect, textsOf } from '../command.ts';
import { addSettingOptions, givenFlags } from './setting-options.ts';
import { sortLeftovers } from './unknown-flags.ts';
import { warn } from '../print.ts';

/** What every command that loads a configuration takes beside the settings. */
export function addConfigOptions(command: Command, leaves: readonly Leaf[]): Command {
  const server = leaves.filter(({ scope }) => scope === 'server');
  addSettingOptions(command, server);
  addSettingOptions(
    command,
    leaves.filter((leaf) => !server.includes(leaf)),
  );
  command.addOption(
    new Option('-f, --config <FILE>', 'YAML file with the settings; flags and environment win over it [USHER_CONFIG]')
      .argParser(collect)
      .helpGroup('Configuration:'),
  );
  command.addOption(new Option('--debug', 'Log at level debug; show the stack of errors').helpGroup('Configuration:'));
  return command;
}

/** `--debug` as the setting it is. */
export function debugFlags(command: Command): GivenFlag[] {
  if (textsOf(command, 'debug').length === 0) return [];
  return [{ leaf: leafOfFlag('log-level'), label: '--debug', texts: ['debug'] }];
}

/** What a command read off its own arguments. */
export interface Given {
  readonly leaves: readonly Leaf[];
  /** Settings that are arguments, not flags: the URL, the command. */
  readonly flags?: readonly GivenFlag[];
  readonly problems?: readonly Problem[];
  readonly oneServer?: LoadOptions['oneServer'];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Loads the configuration a command line means; prints warnings.
 * @throws UsherError `config_invalid`
 */
export function loadArguments(command: Command, given: Given): LoadedConfig {
  const loaded = readArguments(command, given);
  for (const warning of loaded.warnings) warn(warning);
  return loaded;
}

/** The same, with the files as they are now, as often as it is called; prints nothing.
 * @throws UsherError `config_invalid`
 */
export function readArguments(command: Command, given: Given): LoadedConfig {
  const files = textsOf(command, 'config');
  const file = files[0] ?? given.environment['USHER_CONFIG'];
  const twice: Problem[] =
    files.length > 1 ? [{ where: '--config', what: `is given ${files.length} times, expected once` }] : [];
  const { problems: unknown, meant } = sortLeftovers(command);
  return loadConfig({
    ...(file === undefined ? {} : { file }),
    ...(given.oneServer === undefined ? {} : { oneServer: given.oneServer }),
    flags: [...givenFlags(command, given.leaves), ...debugFlags(command), ...(given.flags ?? [])],
    environment: given.environment,
    findSecret: buildFindSecret(() => openSecretStore(given.environment)),
    // What follows an unknown flag may be its value or the server: nobody knows.
    isTargetUnclear: unknown.length > 0 || (file === undefined && given.oneServer === undefined),
    meantFlags: meant,
    problems: [
      ...twice,
      ...unknown,
      ...checkForeignOptions(command),
      ...(given.problems ?? []).filter(({ where }) => !meant.includes(where)),
    ],
  });
}
