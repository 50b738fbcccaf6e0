import { type Command, Option } from 'commander';
import { environmentNames } from '../../config/read-environment.ts';
import type { Leaf } from '../../config/leaves.ts';
import type { GivenFlag } from '../../config/read-flags.ts';
import { collect, textsOf } from '../command.ts';

/** One option of the command line and the setting it stands for. */
interface SettingOption {
  readonly option: Option;
  readonly leaf: Leaf;
  readonly label: string;
  readonly twin: GivenFlag['twin'];
}

/** Adds the options of some settings to a command, grouped as the settings are. */
export function addSettingOptions(command: Command, leaves: readonly Leaf[]): void {
  for (const { option } of leaves.flatMap(buildOptions)) command.addOption(option);
}

/** Those of the settings that stood on the command line. */
export function givenFlags(command: Command, leaves: readonly Leaf[]): GivenFlag[] {
  return leaves.flatMap(buildOptions).flatMap(({ option, leaf, label, twin }) => {
    const texts = textsOf(command, option.attributeName());
    return texts.length === 0 ? [] : [{ leaf, label, texts, twin }];
  });
}

function buildOptions(leaf: Leaf): SettingOption[] {
  const { flag, short, flagAliases = [], secret, group } = leaf.meta;
  if (flag === undefined) return [];
  const start = short === undefined ? '' : `-${short}, `;
  const main = buildOption(leaf, `${start}--${flag}`, describe(leaf)).helpGroup(`${group}:`);
  const found: SettingOption[] = [{ option: main, leaf, label: `--${flag}`, twin: undefined }];
  if (secret === true) {
    const file = new Option(`--${flag}-file <PATH>`, `File that holds it ${environment(leaf, '_FILE')}`);
    const name = new Option(`--${flag}-ref <NAME>`, `Its name in the secret store ${environment(leaf, '_REF')}`);
    for (const [option, ending, twin] of [
      [file, 'file', 'file'],
      [name, 'ref', 'reference'],
    ] as const) {
      found.push({
        option: option.argParser(collect).helpGroup(`${group}:`),
        leaf,
        label: `--${flag}-${ending}`,
        twin,
      });
    }
  }
  for (const alias of flagAliases) {
    const option = buildOption(leaf, `--${alias}`, `Same as --${flag}`).hideHelp();
    found.push({ option, leaf, label: `--${alias}`, twin: undefined });
  }
  return found;
}

function buildOption(leaf: Leaf, flags: string, description: string): Option {
  const takesValue = leaf.kind !== 'boolean' && leaf.kind !== 'presence';
  if (!takesValue) return new Option(flags, description);
  return new Option(`${flags} <${leaf.meta.placeholder ?? 'WORD'}>`, description).argParser(collect);
}

function describe(leaf: Leaf): string {
  const { help, flagAliases = [] } = leaf.meta;
  const notes: string[] = [];
  if (leaf.choices !== undefined) notes.push(`one of ${leaf.choices.join(', ')}`);
  const byDefault = defaultText(leaf);
  if (byDefault !== undefined && byDefault !== '' && leaf.choices?.join(', ') !== byDefault)
    notes.push(`default ${byDefault}`);
  for (const alias of flagAliases) notes.push(`also --${alias}`);
  return `${help}${notes.length === 0 ? '' : ` (${notes.join('; ')})`} ${environment(leaf)}`;
}

function environment(leaf: Leaf, ending = ''): string {
  const names = environmentNames(leaf).map((name) => `${name}${ending}`);
  return names.length === 0 ? '' : `[${names.join(', ')}]`;
}

/** A default as people would write it; undefined when there is none worth a word. */
export function defaultText(leaf: Leaf): string | undefined {
  const value = leaf.defaultValue;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.join(', ');
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
