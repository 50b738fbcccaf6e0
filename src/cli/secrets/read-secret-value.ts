import { reportUsage } from '../../config/report.ts';
import { Secret } from '../../model/secret.ts';
import { note, warn } from '../print.ts';
import { promptUnseen } from './prompt-unseen.ts';

const largestBytes = 64 * 1024;

/** A secret of whoever is at the other side: of stdin, of a person at the terminal, of USHER_SECRET_VALUE; or, with a warning,
 * of the arguments.
 * @throws UsherError `usage_invalid` when there is none, or none that could be used
 */
export async function readSecretValue(
  name: string,
  operand: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Secret> {
  if (operand !== undefined) {
    warn(`${seenInArguments}; better pipe it in, or leave it out and type it.`);
    return checked(operand);
  }
  const variable = environment['USHER_SECRET_VALUE'];
  if (variable !== undefined) return checked(variable);
  if (!process.stdin.isTTY) return checked(await readAll(process.stdin));
  const text = await promptUnseen(`Value of ${name} (not shown): `);
  if (text !== undefined) return checked(text);
  note('Nothing was kept');
  throw reportUsage([{ where: 'VALUE', what: 'is missing: the prompt was left' }]);
}

/** Said of a secret that stood on the command line. */
export const seenInArguments = 'A secret on the command line can be read by other users in the list of processes';

async function readAll(stdin: NodeJS.ReadStream): Promise<string> {
  let text = '';
  for await (const chunk of stdin.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > largestBytes) break;
  }
  return text;
}

/** Without the line break that `echo` and files end with. */
function checked(given: string): Secret {
  const text = given.replace(/\r?\n$/, '');
  const problem =
    text === ''
      ? 'is empty; pipe the secret in, or type it when asked'
      : text.length > largestBytes
        ? `is longer than ${largestBytes} characters; is it the right one?`
        : text !== text.trim()
          ? 'begins or ends with a space or line break, which no header or form would keep'
          : undefined;
  if (problem !== undefined) throw reportUsage([{ where: 'VALUE', what: problem }]);
  return new Secret(text);
}
