import { commandTable } from '../../src/cli/command-table.ts';
import { errorTable } from '../../src/model/errors.ts';
import { code, generatedNote, table } from './markdown.js';

/** @param {import('commander').Command} command */
function optionTables(command) {
  const shown = command.options.filter(({ hidden }) => !hidden);
  const groups = Map.groupBy(shown, ({ helpGroupHeading }) => helpGroupHeading ?? 'Options:');
  return [...groups].map(([group, options]) => {
    const rows = options.map(({ flags, description }) => {
      const variables = /\s*\[([A-Z0-9_, ]+)\]$/.exec(description);
      const names = (variables?.[1] ?? '').split(', ').map(code).join(', ');
      return [code(flags), description.replace(/\s*\[[A-Z0-9_, ]+\]$/, ''), names];
    });
    return `${group.replace(':', '')}:\n\n${table(['Flag', 'What it does', 'Environment'], rows)}`;
  });
}

/** @param {import('commander').Command} command */
function examplesOf(command) {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  const [, examples = ''] = help.split('\nExamples:\n');
  return examples.trimEnd().replaceAll(/^ {2}/gm, '');
}

/** @param {import('../../src/cli/command-module.ts').CommandRow} row */
async function section(row) {
  const command = (await row.load()).build();
  const usage = `${command.name()} ${command.usage()}`.trim().replaceAll(/\n +/g, '\n');
  return [
    `## usher ${row.name}`,
    command.description(),
    `\`\`\`\n${usage}\n\`\`\``,
    ...optionTables(command),
    `\`\`\`sh\n${examplesOf(command)}\n\`\`\``,
  ].join('\n\n');
}

function exitCodes() {
  /** @type {Map<number, string[]>} */
  const codes = new Map([[0, ['all went well, or a signal ended it']]]);
  for (const [name, { exitCode, status }] of Object.entries(errorTable)) {
    if (status !== 0) continue;
    const known = codes.get(exitCode ?? 1) ?? [];
    codes.set(exitCode ?? 1, [...known, code(name)]);
  }
  const rows = [...codes].sort(([a], [b]) => a - b).map(([exit, names]) => [String(exit), names.join(', ')]);
  return table(['Exit code', 'Meaning'], rows);
}

export async function cliPage() {
  const list = commandTable.map(({ name, summary }) => [
    `[usher ${name}](#usher-${name.replaceAll(' ', '-')})`,
    summary,
  ]);
  return [
    generatedNote,
    '# Command line',
    'Every command has its own `--help`. Every flag that is a setting has a form in the [environment](environment.md) and in the [configuration file](config.md) as well. List flags can be repeated or take several values with commas. Results go to stdout, everything said about them to stderr.',
    table(['Command', 'What it does'], list),
    ...(await Promise.all(commandTable.map(section))),
    '## Exit codes',
    exitCodes(),
    'What the codes mean is on the page of [errors](errors.md).',
  ].join('\n\n');
}
