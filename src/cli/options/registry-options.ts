import type { Command } from 'commander';
import type { Problem } from '../../config/source.ts';
import type { Registry } from '../../registry/registry.ts';
import { textsOf } from '../command.ts';
import { readCaFile } from './read-ca-file.ts';
import { setUpOptions } from './set-up-options.ts';
import type { SimpleOption, SimpleValues } from './simple-options.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export const registryOptions = {
  registry: {
    flags: '--registry <NAME>',
    help: 'Where servers are looked up by name, repeatable, the first that knows one counts: catalogue (the default, comes with Usher), official, a URL with the MCP registry API, or a file [USHER_REGISTRY]',
    group: 'Server',
  },
  yes: {
    flags: '--yes',
    help: 'Agree to what a registry says is to be run, where no terminal is there to ask',
    group: 'Server',
  },
  json: { flags: '--json', help: 'JSON instead of text', group: 'Output' },
  debug: { flags: '--debug', help: 'Show the stack of errors', group: 'Output' },
  caFile: setUpOptions.caFile,
} as const satisfies Record<string, SimpleOption>;

/** Opens the registries a command line or the environment names.
 * @throws UsherError registry_unusable
 */
export async function readRegistries(
  command: Command,
  values: SimpleValues,
  environment: Environment,
): Promise<{ registries: readonly Registry[]; problems: readonly Problem[] }> {
  const problems: Problem[] = [];
  const given = textsOf(command, 'registry');
  const named = given.length > 0 ? given : (environment['USHER_REGISTRY'] ?? '').split(',');
  const names = named.map((name) => name.trim()).filter((name) => name !== '');
  if (given.some((name) => name.trim() === '' || name.startsWith('--')))
    problems.push({ where: '--registry', what: 'has no value; give it one' });
  const ca = readCaFile(values, problems);
  if (problems.length > 0) return { registries: [], problems };
  const { openRegistries } = await import('../../registry/open-registries.ts');
  return { registries: await openRegistries(names, ca === undefined ? {} : { ca }), problems };
}
