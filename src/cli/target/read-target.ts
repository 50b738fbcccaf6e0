import type { Command } from 'commander';
import { leafOfFlag, workloadLeaf } from '../../config/leaves.ts';
import { quote } from '../../config/quote.ts';
import type { GivenFlag } from '../../config/read-flags.ts';
import type { Problem } from '../../config/source.ts';
import type { Package } from '../../packages/package.ts';
import { parsePackage } from '../../packages/parse-package.ts';
import { parseTarget, type Target } from './parse-target.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

/** The MCP server a command line is about, as settings; and what is wrong with it. */
export interface ReadTarget {
  readonly flags: readonly GivenFlag[];
  readonly problems: readonly Problem[];
  /** To be fetched before it can be run; until then its name stands for the command. */
  readonly package?: Package;
  /** To be looked up in a registry before anything can be run; with what follows it. */
  readonly name?: { readonly text: string; readonly args: readonly string[] };
}

/** Reads the MCP server off the arguments of `run`: a URL, an image, a package or a name and its arguments, or a command after `--`. */
export function readTarget(command: Command, tail: readonly string[] | undefined): ReadTarget {
  const [text, second] = sortLeftovers(command).operands;
  const problems: Problem[] =
    second === undefined
      ? []
      : [{ where: 'arguments', what: 'are too many: expected one URL; put values with spaces in quotes' }];
  const read = text === undefined ? readCommand(tail) : readOperand(text, parseTarget(text), tail);
  return { ...read, problems: [...problems, ...read.problems] };
}

function readCommand(tail: readonly string[] | undefined): ReadTarget {
  if (tail === undefined) return { flags: [], problems: [] };
  if (tail.length > 0)
    return { flags: [{ leaf: workloadLeaf('command'), label: 'COMMAND', texts: tail }], problems: [] };
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
      return readPackage(text, target, tail);
    case 'image':
      return {
        flags: [
          { leaf: workloadLeaf('image'), label: 'IMAGE', texts: [target.image] },
          ...(tail === undefined || tail.length === 0
            ? []
            : [{ leaf: workloadLeaf('args'), label: 'ARG', texts: tail }]),
        ],
        problems: isHostAndPort(text)
          ? [
              {
                where: 'URL',
                what: `is ${quote(text)}, without a scheme; did you mean ${quote(`http://${text}`)}? If it is an image of a registry there, give it with its tag`,
              },
            ]
          : [],
      };
    case 'name':
      return { flags: [], problems: [], name: { text: target.name, args: tail ?? [] } };
  }
}

function readPackage(
  text: string,
  { runner, name }: Extract<Target, { kind: 'package' }>,
  tail: readonly string[] = [],
): ReadTarget {
  const parsed = parsePackage(runner, name);
  const flags = [{ leaf: workloadLeaf('command'), label: 'PACKAGE', texts: [text, ...tail] }];
  return 'problem' in parsed
    ? { flags, problems: [{ where: 'PACKAGE', what: `is ${quote(text)}, ${parsed.problem}` }] }
    : { flags, problems: [], package: parsed.package };
}

/** `localhost:8001/mcp` may be either; `localhost:5000/server:v1` is an image. */
function isHostAndPort(text: string): boolean {
  return /^(?:localhost|\d+(?:\.\d+){3}):\d+(?:\/[^:@]*)?$/i.test(text);
}
