import { quote } from '../../config/quote.ts';
import { reportUsage } from '../../config/report.ts';
import { fail } from '../../model/usher-error.ts';
import { warn } from '../print.ts';

const largestTokenBytes = 64 * 1024;

/** Finds the token a person wants looked at: an argument, USHER_TOKEN, or stdin. `Bearer ` before it and line breaks
 * around it are fine.
 * @throws UsherError when there is none, or it is far too long
 */
export async function readToken(
  operand: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  if (operand !== undefined && operand !== '-') {
    warn('A token on the command line can be read by other users in the list of processes; better pipe it in.');
    return tidy(operand);
  }
  const variable = environment['USHER_TOKEN'];
  if (operand === undefined && variable !== undefined && variable !== '') return tidy(variable);
  if (process.stdin.isTTY) {
    throw reportUsage([{ where: 'TOKEN', what: 'is missing; pipe it in, set USHER_TOKEN, or give it as argument' }]);
  }
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > largestTokenBytes) break;
  }
  return tidy(text);
}

function tidy(text: string): string {
  const token = text.trim().replace(/^bearer\s+/i, '');
  if (token === '') throw fail('token_unreadable', { reason: 'it is empty' });
  if (token.length > largestTokenBytes) {
    throw fail('token_unreadable', { reason: `it is longer than ${quote(largestTokenBytes)} characters` });
  }
  return token;
}
