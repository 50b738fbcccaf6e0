import { type Command, Option } from 'commander';
import type { LoadOptions } from '../config/load.ts';
import { collect, textsOf } from './command.ts';

/** How `run` spells the MCP server it is put in front of. */
export const runSpelling = {
  upstream: 'URL',
  upstreamAdvice: 'give the URL of an MCP server, an image, or run one with --target-port PORT -- COMMAND',
};

export function nameOption(): Option {
  return new Option(
    '--name <NAME>',
    'Name of the server in audit trail and log (default mcp, or the only one in the file)',
  )
    .argParser(collect)
    .helpGroup('Server:');
}

/** The name given with --name, as `loadConfig` takes it. */
export function oneServerOf(command: Command): NonNullable<LoadOptions['oneServer']> {
  const name = textsOf(command, 'name').at(-1);
  return { ...(name === undefined ? {} : { name }), spelling: runSpelling };
}
