import { readFile } from 'node:fs/promises';
import { describe } from '../../lib/describe-error.ts';
import { fail } from '../../model/usher-error.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { print } from '../print.ts';
import { serverOptions } from '../options/server-options.ts';
import { addSimpleOptions, type SimpleOption } from '../options/simple-options.ts';

const options = {
  debug: serverOptions.debug,
} as const satisfies Record<string, SimpleOption>;

/** `usher export NAME` */
export const exportCommand: CommandModule = {
  build() {
    const command = buildCommand('usher export', {
      summary:
        'Prints the configuration of a server as a file for usher serve -f or usher run -f. Secrets are not in it: it says where they stand. A package stands there by its name and version.',
      usage: 'NAME',
      examples: ['usher export apollo > usher.yaml'],
    });
    return addSimpleOptions(command, Object.values(options));
  },
  async execute(command, context) {
    const [{ readServer }, { checkSaved }] = await Promise.all([
      import('../servers/read-servers.ts'),
      import('../options/server-options.ts'),
    ]);
    const { view } = await readServer(command, context);
    checkSaved(view, 'It runs in a terminal: usher config show has its settings, given the same flags');
    const text = await readFile(view.place.settings, 'utf8').catch((cause: unknown) => {
      const advice = 'Take the server away with usher rm and run it anew';
      throw fail('server_state_unusable', { path: view.place.settings, reason: describe(cause), advice }, { cause });
    });
    print(text);
    return 0;
  },
};
