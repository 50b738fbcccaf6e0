import type { Option } from 'commander';
import { clientTable } from '../../clients/client-table.ts';
import { thisMachine } from '../../clients/machine.ts';
import { leaves } from '../../config/leaves.ts';
import { listNames, lookAtServers } from '../../servers/look-at-server.ts';
import type { CommandContext, CommandRow } from '../command-module.ts';
import { shells } from './completion-scripts.ts';

/** A word that may stand there, and what it is about, in a line. */
export interface Completion {
  readonly word: string;
  readonly about: string;
}

/** What may stand where the cursor is.
 * @param words after `usher`; the last one as far as it is written
 */
export async function completeWords(
  words: readonly string[],
  { commands, environment }: Pick<CommandContext, 'commands' | 'environment'>,
): Promise<readonly Completion[]> {
  const before = words.slice(0, -1);
  const partial = words.at(-1) ?? '';
  // What follows is for another program.
  if (before.includes('--')) return [];
  const row = [2, 1]
    .map((count) => commands.find(({ name }) => name === before.slice(0, count).join(' ')))
    .find((found) => found !== undefined);
  const found = [
    ...nextWords(commands, before),
    ...(row === undefined ? [] : await ofCommand(row, { before, partial, environment })),
  ];
  return found.filter(({ word }) => word.startsWith(partial));
}

/** Words that make a command, or a longer one, of those that stand there. */
function nextWords(commands: readonly CommandRow[], before: readonly string[]): readonly Completion[] {
  const rows = commands
    .map(({ name, summary }) => ({ words: name.split(' '), summary }))
    .filter(({ words }) => words.length > before.length && before.every((word, index) => word === words[index]));
  const found = new Map<string, string>();
  for (const { words, summary } of rows) {
    const word = words[before.length] ?? '';
    if (!found.has(word)) found.set(word, words.length === before.length + 1 ? summary : `${word} …`);
  }
  return [...found].map(([word, about]) => ({ word, about }));
}

interface Asked {
  readonly before: readonly string[];
  readonly partial: string;
  readonly environment: CommandContext['environment'];
}

async function ofCommand(
  { load, operands }: CommandRow,
  { before, partial, environment }: Asked,
): Promise<readonly Completion[]> {
  const command = (await load()).build();
  const options = command.options.filter(({ hidden }) => !hidden);
  const last = options.find(({ long, short }) => before.at(-1) === long || before.at(-1) === short);
  if (last !== undefined && takesValue(last)) return await valuesOf(last, environment);
  if (partial.startsWith('-')) {
    return [...options, { long: '--help', description: 'Show this help' }].flatMap(({ long, description }) =>
      typeof long === 'string' ? [{ word: long, about: oneLine(description) }] : [],
    );
  }
  if (operands === 'shells') return shells.map((word) => ({ word, about: 'shell' }));
  return operands === 'servers' ? await serverNames(environment) : [];
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

async function valuesOf({ long }: Option, environment: CommandContext['environment']): Promise<readonly Completion[]> {
  const machine = thisMachine(environment);
  if (long === '--client') return clientTable.map(({ id, title }) => ({ word: id, about: title }));
  if (long === '--group') {
    const views = await lookAtServers(machine).catch(() => []);
    const groups = new Set(views.flatMap(({ record }) => record?.group ?? []));
    return [...groups].map((word) => ({ word, about: 'group' }));
  }
  if (long === '--unset')
    return leaves.flatMap(({ meta }) =>
      meta.flag === undefined ? [] : [{ word: meta.flag, about: oneLine(meta.help) }],
    );
  const leaf = leaves.find(({ meta }) => [meta.flag, ...(meta.flagAliases ?? [])].some((flag) => `--${flag}` === long));
  return (leaf?.choices ?? []).map((word) => ({ word, about: oneLine(leaf?.meta.help ?? '') }));
}

async function serverNames(environment: CommandContext['environment']): Promise<readonly Completion[]> {
  const names = await listNames(thisMachine(environment)).catch(() => []);
  return names.map((word) => ({ word, about: 'server' }));
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
