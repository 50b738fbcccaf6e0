import { styleText } from 'node:util';
import { plain } from '../lib/plain.ts';
import type { Conclusion, FaultResult } from './run-fault.ts';

/** A fault beside what was concluded, for a person. */
export function describeFaultResult({ name, title, status, code, explain, doctor, ms }: FaultResult): string {
  return [
    `${mark(explain.isRight && doctor.isRight)} ${style('bold', name)}  ${title}`,
    `    caller   status ${status}${code === undefined ? '' : ` ${code}`} ${style('dim', `(${ms} ms)`)}`,
    `    explain  ${describeConclusion(explain)}`,
    `    doctor   ${describeConclusion(doctor)}`,
  ].join('\n');
}

function describeConclusion({ cause, says, expected, isRight }: Conclusion): string {
  const found = cause === undefined ? says : `${style('bold', cause)}: ${shorten(plain(says))}`;
  if (!isRight)
    return `${style('red', 'wrong')} ${found}; expected ${'nothing' in expected ? 'nothing' : expected.join(' or ')}`;
  return 'nothing' in expected && expected.nothing !== says ? `nothing, as it should be: ${expected.nothing}` : found;
}

function shorten(text: string): string {
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}

function mark(isRight: boolean): string {
  return isRight ? style('green', '✔') : style('red', '✘');
}

function style(format: 'bold' | 'dim' | 'green' | 'red', text: string): string {
  return styleText(format, text, { stream: process.stdout });
}
