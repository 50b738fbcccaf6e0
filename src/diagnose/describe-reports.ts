import { styleText } from 'node:util';
import type { CheckResult, ServerReport } from './run-doctor.ts';

const marks = { pass: '✔', warn: '!', fail: '✘', unknown: '?' } as const;
const colours = { pass: 'green', warn: 'yellow', fail: 'red', unknown: 'yellow' } as const;

/** What the doctor found, for a person: failures and what is unknown with what to do about them. */
export function describeReports(reports: readonly ServerReport[]): string {
  return reports
    .map(({ server, checks }) =>
      [style('bold', server), ...checks.flatMap(describeCheck), '', summarize(checks), ''].join('\n'),
    )
    .join('\n');
}

function describeCheck({ id, title, result, evidence, fix, cause }: CheckResult): string[] {
  const name = cause === undefined ? id : `${id}: ${cause}`;
  return [
    `  ${style(colours[result], marks[result])} ${title} ${style('dim', `[${name}]`)}`,
    `      ${evidence}`,
    ...(fix === undefined ? [] : [`      ${style('bold', 'Fix')} ${fix}`]),
  ];
}

function summarize(checks: readonly CheckResult[]): string {
  const count = (wanted: CheckResult['result']) => checks.filter(({ result }) => result === wanted).length;
  const [passed, bad, open, ending] = [count('pass'), count('fail'), count('unknown'), count('warn')];
  const verdict = bad > 0 ? style('red', `${bad} failed`) : style('green', 'nothing failed');
  const warnings = ending === 0 ? '' : `, ${style('yellow', `${ending} to mend soon`)}`;
  return `  ${verdict}${warnings}, ${passed} passed, ${open} unknown`;
}

function style(format: 'bold' | 'dim' | 'green' | 'red' | 'yellow', text: string): string {
  return styleText(format, text, { stream: process.stdout });
}
