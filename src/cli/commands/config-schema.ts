import { buildJsonSchema } from '../../config/json-schema.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { printJson } from '../print.ts';
import { refuseAll } from '../options/require.ts';

/** `usher config schema` */
export const configSchemaCommand: CommandModule = {
  build() {
    return buildCommand('usher config schema', {
      summary: 'Prints the JSON Schema of the configuration file, for editors that complete and check while you type.',
      usage: '',
      examples: [
        'usher config schema > usher.schema.json\n# then, as the first line of usher.yaml:\n# yaml-language-server: $schema=usher.schema.json',
      ],
    });
  },
  async execute(command, { tail }) {
    refuseAll(command, tail);
    printJson(buildJsonSchema());
    return 0;
  },
};
