import { reportUsage } from '../../config/report.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { printEntries } from '../target/print-entries.ts';
import { readRegistries, registryOptions } from '../options/registry-options.ts';
import { refuseAll } from '../options/require.ts';
import { addSimpleOptions, SimpleValues } from '../options/simple-options.ts';

const { registry, caFile, json, debug } = registryOptions;

/** `usher registry list` */
export const registryListCommand: CommandModule = {
  build() {
    const command = buildCommand('usher registry list', {
      summary: 'Lists the MCP servers that can be run by name, with their newest versions.',
      usage: '[--registry NAME] [--json]',
      examples: ['usher registry list', 'usher registry list --registry servers.json'],
    });
    return addSimpleOptions(command, [registry, caFile, json, debug]);
  },
  async execute(command, { tail, environment }) {
    refuseAll(command, tail);
    const values = new SimpleValues(command, environment);
    const { registries, problems } = await readRegistries(command, values, environment);
    if (problems.length > 0) throw reportUsage(problems);
    return printEntries(registries, { text: '', isJson: values.isSet(json) });
  },
};
