import type { Command } from 'commander';
import { commandLeaf, leafOfFlag } from '../config/leaves.ts';
import { quote } from '../config/quote.ts';
import type { GivenFlag } from '../config/read-flags.ts';
import type { Problem } from '../config/source.ts';
import { parseTarget, type Target } from './parse-target.ts';
import { sortLeftovers } from './unknown-flags.ts';

/** The MCP server a command line is about, as settings; and what is wrong with it. */
export interface ReadTarget {
  readonly flags: readonly GivenFlag[];
  readonly problems: readonly Problem[];
}

/** Reads the MCP server off the arguments of `run`: a URL, or a command after `--`. */
export function readTarget(command: Command, tail: readonly string[] | undefined): ReadTarget {
  const [text, second] = sortLeftovers(command).operands;
  const problems: Problem[] =
    second === undefined
      ? []
      : [{ where: 'arguments', what: 'are too many: expected one URL; put values with spaces in quotes' }];
  const { flags, problems: found } =
    text === undefined ? readCommand(tail) : readOperand(text, parseTarget(text), tail);
  return { flags, problems: [...problems, ...found] };
}

function readCommand(tail: readonly string[] | undefined): ReadTarget {
  if (tail === undefined) return { flags: [], problems: [] };
  if (tail.length > 0) return { flags: [{ leaf: commandLeaf(), label: 'COMMAND', texts: tail }], problems: [] };
  return {
    flags: [],
    problems: [{ where: '--', what: 'is not followed by a command; give one, for example -- node server.js' }],
  };
}

function readOperand(text: string, target: Target, tail: readonly string[] | undefined): ReadTarget {
  switch (target.kind) {
    case 'url':
      return {
        flags: [{ leaf: leafOfFlag('target-uri'), label: 'URL', texts: [target.url] }],
        problems: tail === undefined ? [] : [{ where: '--', what: 'is given beside a URL; give a URL or a command' }],
      };
    case 'package':
    case 'image':
    case 'name':
      return {
        // Reported; a second sentence that the server is missing would confuse.
        flags: [{ leaf: leafOfFlag('target-uri'), label: 'URL', texts: ['http://localhost'] }],
        problems: [
          {
            where: 'URL',
            what: isHostAndPort(text)
              ? `is ${quote(text)}, without a scheme; did you mean ${quote(`http://${text}`)}?`
              : `is ${quote(text)}: images, packages and names are not in this version; give the URL of an MCP server, or run one with --target-port PORT -- COMMAND`,
          },
        ],
      };
  }
}

/** `localhost:8001/mcp`, but not `ghcr.io/server:v1`. */
function isHostAndPort(text: string): boolean {
  return /^[\w.-]+:\d+(?:\/|$)/.test(text);
}
