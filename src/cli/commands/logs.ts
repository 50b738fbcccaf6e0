import { reportUsage } from '../../config/report.ts';
import { quote } from '../../config/quote.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { note, print } from '../print.ts';
import { serverOptions } from '../server-options.ts';
import { addSimpleOptions, type SimpleOption } from '../simple-options.ts';

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
      import('../read-servers.ts'),
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
    // Begun before what was said is read, so that nothing falls between the two.
    const following = values.isSet(options.follow) ? followLog(log, stop.signal) : undefined;
    const begun = following?.next();
    const count = Number(text);
    const lines = count === 0 ? [] : await readLastLines(log, count);
    if (lines.length > 0) print(lines.join('\n'));
    else if (following === undefined) note(`${view.name} has said nothing yet`);
    const stray = following === undefined && count > 0 ? await readLastLines(output, count) : [];
    if (stray.length > 0) print(stray.join('\n'));
    for (let part = await begun; part?.done === false; part = await following?.next()) print(part.value);
    return 0;
  },
};
