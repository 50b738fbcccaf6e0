import { Option } from 'commander';
import { showConfig, showSources } from '../../config/show.ts';
import { buildCommand, textsOf } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { addAnyOptions, loadAny } from '../target/load-any.ts';
import { print } from '../print.ts';

/** `usher config show [--sources] -f FILE` */
export const configShowCommand: CommandModule = {
  build() {
    const command = buildCommand('usher config show', {
      summary: 'Shows the configuration in use with its defaults, secrets masked.',
      usage: '-f FILE [--sources]\n       usher config show [options of run] [--sources] URL',
      examples: [
        'usher config show -f usher.yaml',
        '# Who said what: flag, variable, place in the file or default\nusher config show -f usher.yaml --sources',
      ],
    });
    command.addOption(
      new Option('--sources', 'One setting a line, with the flag, variable or place that said it').helpGroup('Output:'),
    );
    return addAnyOptions(command);
  },
  async execute(command, context) {
    const loaded = await loadAny(command, context);
    print(textsOf(command, 'sources').length > 0 ? showSources(loaded) : showConfig(loaded));
    return 0;
  },
};
