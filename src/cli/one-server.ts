import { type Command, Option } from 'commander';
import { commandLeaf, leafOfFlag } from '../config/leaves.ts';
import type { LoadOptions } from '../config/load.ts';
import type { GivenFlag } from '../config/read-flags.ts';
import { quote } from '../config/quote.ts';
import type { Problem } from '../config/source.ts';
import { collect, textsOf } from './command.ts';
import { sortLeftovers } from './unknown-flags.ts';

/** How `run` spells the MCP server it is put in front of. */
export const runSpelling = {
  upstream: 'URL',
  upstreamAdvice: 'give the URL of an MCP server, or run one with --target-port PORT -- COMMAND',
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

/** Not an image, a bare name, or a package in the spelling of other gateways (`npx://name`). */
function isUrl(target: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(target) && !/^(?:npx|uvx|go|docker):/i.test(target);
}

/** Reads the MCP server off the arguments of `run`: a URL, or a command after `--`. */
export function readTarget(
  command: Command,
  tail: readonly string[] | undefined,
): { readonly flags: readonly GivenFlag[]; readonly problems: readonly Problem[] } {
  const { operands } = sortLeftovers(command);
  const [target, second] = operands;
  const flags: GivenFlag[] = [];
  const problems: Problem[] = [];
  if (second !== undefined) {
    problems.push({ where: 'arguments', what: 'are too many: expected one URL; put values with spaces in quotes' });
  }
  if (target !== undefined && !isUrl(target)) {
    problems.push({
      where: 'URL',
      what: `is ${quote(target)}: images, packages and names are not in this version; give the URL of an MCP server, or run one with --target-port PORT -- COMMAND`,
    });
    // Reported; a second sentence that the server is missing would confuse.
    flags.push({ leaf: leafOfFlag('target-uri'), label: 'URL', texts: ['http://localhost'] });
  } else if (target !== undefined) {
    flags.push({ leaf: leafOfFlag('target-uri'), label: 'URL', texts: [target] });
    if (tail !== undefined) problems.push({ where: '--', what: 'is given beside a URL; give a URL or a command' });
  } else if (tail !== undefined && tail.length > 0) {
    flags.push({ leaf: commandLeaf(), label: 'COMMAND', texts: tail });
  } else if (tail !== undefined) {
    problems.push({ where: '--', what: 'is not followed by a command; give one, for example -- node server.js' });
  }
  return { flags, problems };
}
