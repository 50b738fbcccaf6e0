import type { Command } from 'commander';
import { registryOptions } from './registry-options.ts';
import { addSimpleOptions, type SimpleOption } from './simple-options.ts';

/** Options of packages and names: how servers come here, not how they run. */
export const packageOptions = {
  allowInstallScripts: {
    flags: '--allow-install-scripts',
    help: 'Let packages run code of their own while they are fetched (install scripts of npm, builds of Python)',
    group: 'Server',
  },
  inContainer: {
    flags: '--in-container',
    help: 'Run a package in a container: its runner (npx, uvx, go) in the image of whoever makes that',
    group: 'Container',
  },
  runtimeImage: {
    flags: '--runtime-image <IMAGE>',
    help: 'Another image that has the runner, for --in-container',
    group: 'Container',
  },
} as const satisfies Record<string, SimpleOption>;

export function addPackageOptions(command: Command): Command {
  return addSimpleOptions(command, [...Object.values(packageOptions), registryOptions.registry, registryOptions.yes]);
}
