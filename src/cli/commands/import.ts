import { leaves } from '../../config/leaves.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { importOptions } from '../import/import-options.ts';
import { addSettingOptions } from '../options/setting-options.ts';
import { addSimpleOptions } from '../options/simple-options.ts';

/** `usher import FILE…` */
export const importCommand: CommandModule = {
  build() {
    const command = buildCommand('usher import', {
      summary:
        'Makes servers of run configurations of ToolHive (thv export): shows what they become and what is left out, and keeps them for usher start. Flags as usher run has them say what a file lacks, or say it otherwise.',
      usage: 'FILE|FOLDER… [options of run]',
      examples: [
        '# See what it would be\nusher import apollo.json --dry-run',
        'usher import apollo.json\nusher start apollo',
        '# All of a folder, in a script\nusher import exported/ --yes --json',
      ],
    });
    addSimpleOptions(command, Object.values(importOptions));
    addSettingOptions(command, leaves);
    return command;
  },
  async execute(command, context) {
    const { importServers } = await import('../import/import-servers.ts');
    return await importServers(command, context);
  },
};
