import { reportUsage } from '../../config/report.ts';
import type { Problem } from '../../config/source.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { printEntries } from '../target/print-entries.ts';
import { readRegistries, registryOptions } from '../options/registry-options.ts';
import { addSimpleOptions, SimpleValues } from '../options/simple-options.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

const { registry, caFile, json, debug } = registryOptions;

/** `usher registry search TEXT` */
export const registrySearchCommand: CommandModule = {
  build() {
    const command = buildCommand('usher registry search', {
      summary: 'Searches the MCP servers that can be run by name; ends with 1 when none has the text in its name.',
      usage: 'TEXT [--registry NAME] [--json]',
      examples: ['usher registry search graphql', 'usher registry search postgres --registry official'],
    });
    return addSimpleOptions(command, [registry, caFile, json, debug]);
  },
  async execute(command, { tail, environment }) {
    const values = new SimpleValues(command, environment);
    const { operands, problems: unknown } = sortLeftovers(command);
    const [text = ''] = operands;
    const wrong: Problem[] =
      operands.length === 1 && text !== '' && tail === undefined
        ? []
        : [{ where: 'TEXT', what: 'is what to search for: one word' }];
    if (unknown.length + wrong.length > 0) throw reportUsage([...unknown, ...wrong]);
    const { registries, problems } = await readRegistries(command, values, environment);
    if (problems.length > 0) throw reportUsage(problems);
    return printEntries(registries, { text, isJson: values.isSet(json) });
  },
};
