import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { addAnyOptions, loadAny } from '../target/load-any.ts';
import { print } from '../print.ts';

/** `usher config check -f FILE` */
export const configCheckCommand: CommandModule = {
  build() {
    return addAnyOptions(
      buildCommand('usher config check', {
        summary: 'Checks a configuration without starting anything: all problems at once, each with its place.',
        usage: '-f FILE\n       usher config check [options of run] URL',
        examples: ['usher config check -f usher.yaml'],
      }),
    );
  },
  async execute(command, context) {
    const { config, warnings } = await loadAny(command, context);
    const names = Object.keys(config.servers);
    const count = `${names.length} server${names.length === 1 ? '' : 's'} (${names.join(', ')})`;
    const warned = warnings.length === 0 ? '' : `, ${warnings.length} warning${warnings.length === 1 ? '' : 's'}`;
    print(`The configuration can be used: ${count}${warned}`);
    return 0;
  },
};
