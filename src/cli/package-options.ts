import type { Command } from 'commander';
import { addSimpleOptions, type SimpleOption } from './simple-options.ts';

/** Options of packages: how they come here, not how the server runs. */
export const packageOptions = {
  allowInstallScripts: {
    flags: '--allow-install-scripts',
    help: 'Let packages run code of their own while they are fetched (install scripts of npm, builds of Python)',
    group: 'Server',
  },
} as const satisfies Record<string, SimpleOption>;

export function addPackageOptions(command: Command): Command {
  return addSimpleOptions(command, Object.values(packageOptions));
}
