import { writeSync } from 'node:fs';
import { describe } from '../lib/describe-error.ts';
import { visibleJson } from '../lib/plain.ts';
import type { ShowProgress } from '../model/workload.ts';
import { fitColumns } from './help/fit-columns.ts';
import { fail } from '../model/usher-error.ts';
import { styleText } from 'node:util';

/** The only place of the command line that writes. Results go to stdout, everything said about them to stderr. */
function write(descriptor: 1 | 2, text: string): boolean {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EPIPE') return false; // the reader went away: `usher config show | head`
      if (code === 'EAGAIN') continue;
      if (descriptor === 2) return false; // nobody can be told, and that is no reason to stop
      throw fail('output_failed', { reason: describe(error) }, { cause: error });
    }
  }
  return true;
}

/** Writes a result to stdout, ended by a line break.
 * @returns does anybody still read?
 */
export function print(text: string): boolean {
  return write(1, text.endsWith('\n') ? text : `${text}\n`);
}

/** Writes a result for programs: also to a terminal, so that nothing in it moves the cursor. */
export function printJson(value: unknown): boolean {
  return print(visibleJson(JSON.stringify(value, undefined, 2)));
}

/** How wide the terminal is that stdout goes to; undefined where it goes elsewhere. */
export function terminalColumns(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns : undefined;
}

/** Writes a report for a person: in lines of the terminal's width, where there is one. */
export function printReport(text: string): void {
  print(fitColumns(text, terminalColumns()));
}

/** Writes a line for the operator to stderr. */
export function note(text: string): void {
  write(2, `${text}\n`);
}

/** Shows on the terminal how far something is, in place of what it showed before; undefined clears it. Undefined where
 * stderr is no terminal.
 */
export const showProgress: ShowProgress | undefined = process.stderr.isTTY
  ? (text) => void write(2, `\r\u001B[K${(text ?? '').slice(0, (process.stderr.columns ?? 80) - 1)}`)
  : undefined;

/** Writes `warning: …` to stderr. */
export function warn(text: string): void {
  note(`${paint('yellow', 'warning:')} ${text}`);
}

/** Colours for stderr; plain where it is no terminal or NO_COLOR is set. */
export function paint(style: 'red' | 'yellow' | 'green' | 'cyan' | 'dim' | 'bold', text: string): string {
  return styleText(style, text, { stream: process.stderr });
}
