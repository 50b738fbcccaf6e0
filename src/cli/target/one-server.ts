import { type Command, Option } from 'commander';
import type { LoadOptions } from '../../config/load.ts';
import { thisMachine } from '../../clients/machine.ts';
import { quote } from '../../config/quote.ts';
import type { Problem } from '../../config/source.ts';
import { isServerName } from '../../servers/places.ts';
import type { ServerRecord, WantedClients } from '../../servers/server-record.ts';
import { readClients } from '../options/client-options.ts';
import { collect, textsOf } from '../command.ts';
import { findTargetName, parseTarget } from './parse-target.ts';
import { addSimpleOptions, type SimpleOption, type SimpleValues } from '../options/simple-options.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

/** How `run` spells the MCP server it is put in front of. */
export const runSpelling = {
  upstream: 'URL',
  upstreamAdvice:
    'give the URL of an MCP server, an image, a package (npx:NAME) or the name of a server in a registry, or run a command with --target-port PORT -- COMMAND',
};

export function nameOption(): Option {
  return new Option(
    '--name <NAME>',
    'Name of the server in lists, audit trail and log (default: the only one in the file; that of the image, package or registry entry; else mcp)',
  )
    .argParser(collect)
    .helpGroup('Server:');
}

/** Into which MCP clients servers are written while they run. */
export const listOptions = {
  client: {
    flags: '--client <LIST>',
    help: 'MCP clients to write it into while it runs, by their ids; those of usher client setup when absent, else those installed here',
    group: 'Server',
  },
  noClient: { flags: '--no-client', help: 'Write it into no MCP client', group: 'Server' },
} as const satisfies Record<string, SimpleOption>;

/** What is kept of a server beside its settings. */
export const runOptions = {
  foreground: {
    flags: '--foreground',
    help: 'Stay in this terminal, and end with it; without it Usher goes to the background once the server serves',
    group: 'Server',
  },
  group: {
    flags: '--group <NAME>',
    help: 'Group of servers it belongs to, for usher list and usher stop',
    group: 'Server',
    byDefault: 'default',
  },
  ...listOptions,
} as const satisfies Record<string, SimpleOption>;

/** Adds what `run` has beside settings. */
export function addRunOptions(command: Command): Command {
  return addSimpleOptions(command.addOption(nameOption()), Object.values(runOptions));
}

export type RunChoices = Pick<ServerRecord, 'group' | 'clients'>;

/** What was said of that; what is wrong is added to the problems. */
export function readRunOptions(
  values: SimpleValues,
  problems: Problem[],
): RunChoices & { readonly isForeground: boolean } {
  const group = values.text(runOptions.group) ?? 'default';
  if (!isServerName(group)) {
    const what = `is ${quote(group)}, expected letters, digits, dots, dashes and underscores`;
    problems.push({ where: '--group', what });
  }
  return {
    isForeground: values.isSet(runOptions.foreground),
    group,
    clients: readListOptions(values, problems),
  };
}

/** Which MCP clients were asked for; what is wrong is added to the problems. */
export function readListOptions(values: SimpleValues, problems: Problem[]): WantedClients {
  const isNone = values.isSet(listOptions.noClient);
  if (isNone && values.text(listOptions.client) !== undefined)
    problems.push({ where: '--no-client', what: 'is given beside --client; keep one of them' });
  const clients = readClients(values, thisMachine(), problems) ?? 'chosen';
  if (isNone || clients.length === 0) return 'none';
  return typeof clients === 'string' ? clients : clients.map(({ id }) => id);
}

/** The name given with --name, and the one that is usual for what is to be run, as `loadConfig` takes them. */
export function oneServerOf(command: Command): NonNullable<LoadOptions['oneServer']> {
  const name = textsOf(command, 'name').at(-1);
  const [target] = sortLeftovers(command).operands;
  const usualName = target === undefined ? undefined : findTargetName(parseTarget(target));
  return {
    ...(name === undefined ? {} : { name }),
    ...(usualName === undefined ? {} : { usualName }),
    spelling: runSpelling,
  };
}
