import { styleText } from 'node:util';
import type { ListedServer } from '../../clients/list-servers.ts';
import { isDone, type Outcome } from '../../clients/outcome.ts';
import { plain } from '../../lib/plain.ts';
import { fail } from '../../model/usher-error.ts';
import { print, printJson } from '../print.ts';

const words: Readonly<Record<Outcome['result'], string>> = {
  added: 'added',
  updated: 'brought up to date',
  removed: 'removed',
  unchanged: 'as it should be already',
  gone: 'was not there any more',
  kept: 'not changed',
};

/** Shows what became of a server in each client, and ends with the exit code.
 * @param task `add apollo`, for the message when something was left
 * @throws UsherError `client_not_written` for a person, when something was
 */
export function reportOutcomes(
  outcomes: readonly Outcome[],
  { task, isJson }: { task: string; isJson: boolean },
): number {
  const failed = outcomes.filter((outcome) => !isDone(outcome));
  if (isJson) {
    printJson({ ok: failed.length === 0, clients: outcomes });
    return failed.length === 0 ? 0 : 1;
  }
  const done = outcomes.filter(isDone);
  const rows = done.map(({ title, result, file }) => [title, words[result], file]);
  const notes = done.map(({ note }) => (note === undefined ? [] : [style('dim', `    ${note}`)]));
  if (rows.length > 0)
    print(
      layOut(rows)
        .flatMap((line, index) => [line, ...(notes[index] ?? [])])
        .join('\n'),
    );
  if (failed.length === 0) return 0;
  const lines = failed.map(
    ({ title, file, problem }) => `  ${title}, ${file}: ${problem?.reason ?? ''}. ${problem?.advice ?? ''}.`,
  );
  const report = [`Cannot ${task} in ${failed.length} of ${outcomes.length} clients:`, ...lines].join('\n');
  throw fail('client_not_written', { report });
}

const marks = { present: '✔', changed: '≠', gone: '✘', unreadable: '?', abandoned: '!' } as const;
const colours = { present: 'green', changed: 'yellow', gone: 'red', unreadable: 'red', abandoned: 'yellow' } as const;
const states: Readonly<Record<ListedServer['state'], string>> = {
  present: 'as Usher wrote it',
  changed: 'changed since',
  gone: 'not there any more',
  unreadable: 'cannot be read',
  abandoned: 'left there by a server that was killed',
};

/** Servers and where they stand, by name. */
export function describeServers(servers: readonly ListedServer[]): string {
  const names = [...new Set(servers.map(({ name }) => name))].toSorted();
  return names
    .map((name) => {
      const own = servers.filter((server) => server.name === name);
      const rows = own.map(({ state, title, file, reason, isPassing }) => [
        `  ${style(colours[state], marks[state])} ${title}`,
        states[state] +
          (isPassing && state === 'present' ? ', while it runs' : '') +
          (reason === undefined ? '' : `: ${plain(reason)}`),
        file,
      ]);
      const urls = [...new Set(own.map(({ url }) => url))].join(', ');
      const isLeft = own.some(({ state }) => state === 'abandoned');
      const advice = `  Start ${name} again, or take it out: usher client remove ${name}`;
      return [`${style('bold', name)}  ${urls}`, ...layOut(rows), ...(isLeft ? [advice] : [])].join('\n');
    })
    .join('\n\n');
}

/** Columns as wide as they need to be, two spaces apart. */
export function layOut(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => lengthOf(row[column] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - lengthOf(cell)))
      .join('  ')
      .trimEnd(),
  );
}

function lengthOf(cell: string): number {
  // oxlint-disable-next-line no-control-regex -- colours take no room
  return cell.replaceAll(/\u001b\[[0-9;]*m/g, '').length;
}

function style(format: 'bold' | 'dim' | 'green' | 'red' | 'yellow', text: string): string {
  return styleText(format, text, { stream: process.stdout });
}
