import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { print, printJson, terminalColumns } from '../print.ts';
import { serverOptions } from '../options/server-options.ts';
import { addSimpleOptions, type SimpleOption } from '../options/simple-options.ts';

const options = { json: serverOptions.json, debug: serverOptions.debug } as const satisfies Record<
  string,
  SimpleOption
>;
const lastLines = 10;

/** `usher status NAME` */
export const statusCommand: CommandModule = {
  build() {
    const command = buildCommand('usher status', {
      summary:
        'Shows how a server is: its state, whether the server behind can be reached, how often the one that is run here was started again and why, who called in the last minute, what was refused last. Exit code 0 when it can take calls and stays up, 1 when not.',
      usage: 'NAME [--json]',
      examples: ['usher status apollo', 'usher status apollo --json'],
    });
    return addSimpleOptions(command, Object.values(options));
  },
  async execute(command, context) {
    const [{ readServer }, { readLastLines }, { toJson }, { describeStatus }, { isWell }] = await Promise.all([
      import('../servers/read-servers.ts'),
      import('../../servers/server-log.ts'),
      import('../servers/describe-servers.ts'),
      import('../servers/describe-status.ts'),
      import('../servers/judge-server.ts'),
    ]);
    const { values, view } = await readServer(command, context);
    const { state, place } = view;
    const isFallen = state === 'failed' || state === 'crashed' || state === 'unresponsive';
    const lines = isFallen
      ? [...(await readLastLines(place.log, lastLines)), ...(await readLastLines(place.output, lastLines))]
      : [];
    if (values.isSet(options.json)) {
      printJson({ ...toJson(view), ...(isFallen ? { lastLines: lines } : {}) });
    } else print(describeStatus(view, { lines, columns: terminalColumns() }));
    return isWell(view) ? 0 : 1;
  },
};
