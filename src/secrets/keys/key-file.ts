import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { adviseWriting, describe } from '../../lib/describe-error.ts';
import { writeNewStateFile } from '../../lib/state-file.ts';
import { StoreTrouble } from '../store-trouble.ts';

/** The key that a file keeps.
 * @throws StoreTrouble when it is not there, others could have read it, or it is no key
 */
export function readKeyFile(path: string): string {
  let text: string;
  try {
    const { mode } = statSync(path);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new StoreTrouble(
        `the file of its key, ${path}, can be read by other users`,
        `If nobody has read it: chmod 600 ${path}. If somebody may have: change the secrets at those who issued them`,
      );
    }
    text = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    if (cause instanceof StoreTrouble) throw cause;
    throw new StoreTrouble(
      `it is locked: the file of its key, ${path}, cannot be read: ${describe(cause)}`,
      'Put the key back (a copy, or USHER_SECRETS_KEY_FILE where it is elsewhere); without it the secrets are lost: remove the store, and set them anew',
      cause,
    );
  }
  if (/^[\w-]{43}$/.test(text)) return text;
  throw new StoreTrouble(
    `the file of its key, ${path}, holds no key`,
    'Expected 43 characters, as Usher wrote them: put the right file back',
  );
}

/** The key of the file, which is made when it is not there: readable by its owner only, from the first moment. */
export async function takeKeyFile(path: string): Promise<string> {
  const key = randomBytes(32).toString('base64url');
  try {
    return (await writeNewStateFile(path, `${key}\n`)) ? key : readKeyFile(path);
  } catch (cause) {
    if (cause instanceof StoreTrouble) throw cause;
    throw new StoreTrouble(
      `the file of its key, ${path}, cannot be written: ${describe(cause)}`,
      `${adviseWriting(cause, 'Mend the permissions of its folder')}, or name another file with USHER_SECRETS_KEY_FILE`,
      cause,
    );
  }
}
