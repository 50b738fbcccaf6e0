import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { print } from '../print.ts';
import { readVersion } from '../read-version.ts';
import { refuseAll } from '../options/require.ts';

/** `usher version` */
export const versionCommand: CommandModule = {
  build() {
    return buildCommand('usher version', {
      summary: 'Shows the versions of Usher and of the Node.js it runs on.',
      usage: '',
      examples: ['usher version'],
    });
  },
  async execute(command, { tail }) {
    refuseAll(command, tail);
    print(`usher ${readVersion()} (Node.js ${process.versions.node}, ${process.platform}-${process.arch})`);
    return 0;
  },
};
