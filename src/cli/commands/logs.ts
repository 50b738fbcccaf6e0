import { reportUsage } from '../../config/report.ts';
import { quote } from '../../config/quote.ts';
import { plainLines } from '../../lib/plain.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { note, print } from '../print.ts';
import { serverOptions } from '../options/server-options.ts';
import { addSimpleOptions, type SimpleOption } from '../options/simple-options.ts';

const options = {
  follow: { flags: '-f, --follow', help: 'Go on with what it says from now on, until Ctrl-C', group: 'Log' },
  lines: { flags: '-n, --lines <NUMBER>', help: 'How many of the last lines', group: 'Log', byDefault: '100' },
  debug: serverOptions.debug,
} as const satisfies Record<string, SimpleOption>;

/** `usher logs NAME` */
export const logsCommand: CommandModule = {
  build() {
    const command = buildCommand('usher logs', {
      summary: 'Shows what a server of the background said last, and its MCP server where that is run here.',
      usage: 'NAME [-f] [-n NUMBER]',
      examples: ['usher logs apollo', 'usher logs apollo -f'],
    });
    return addSimpleOptions(command, Object.values(options));
  },
  async execute(command, context) {
    const [{ readServer }, { followLog, readLastLines }, { watchStopSignal }] = await Promise.all([
      import('../servers/read-servers.ts'),
      import('../../servers/server-log.ts'),
      import('../stop-signal.ts'),
    ]);
    const { values, view } = await readServer(command, context);
    const text = values.text(options.lines) ?? '';
    if (!/^\d{1,7}$/.test(text))
      throw reportUsage([{ where: '--lines', what: `is ${quote(text)}, expected a number such as 100` }]);
    if (view.run?.isBackground === false) {
      note(
        `${view.name} does not run in the background: it says everything in its terminal, or to its service manager`,
      );
      return 0;
    }
    const { log, output } = view.place;
    using stop = watchStopSignal();
    const count = Number(text);
    if (values.isSet(options.follow)) {
      for await (const part of followLog(log, count, stop.signal)) if (!print(plainLines(part))) break;
      return 0;
    }
    const lines = [...(await readLastLines(log, count)), ...(await readLastLines(output, count))];
    if (lines.length > 0) print(plainLines(lines.join('\n')));
    else if (count > 0) note(`${view.name} has said nothing yet`);
    return 0;
  },
};
