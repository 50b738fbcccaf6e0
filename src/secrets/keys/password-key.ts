import { randomBytes, scryptSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe } from '../../lib/describe-error.ts';
import type { Environment } from '../places.ts';
import { StoreTrouble } from '../store-trouble.ts';
import type { PasswordSpec } from './key-spec.ts';

/** 128 MiB and a good part of a second for each guess (OWASP Password Storage Cheat Sheet, scrypt). */
const usualCost = { cost: 2 ** 17, blockSize: 8, parallel: 1 };

export function makePasswordSpec(): PasswordSpec {
  return { from: 'password', salt: randomBytes(16).toString('base64url'), ...usualCost };
}

/** Is a password given at all? */
export function hasPassword(environment: Environment): boolean {
  return ['USHER_SECRETS_PASSWORD', 'USHER_SECRETS_PASSWORD_FILE'].some((name) => Boolean(environment[name]));
}

/** The key of a password (RFC 7914).
 * @throws StoreTrouble when there is none
 */
export function derivePasswordKey(spec: PasswordSpec, environment: Environment): string {
  const { cost, blockSize, parallel, salt } = spec;
  const password = readPassword(environment).normalize('NFC');
  const maxmem = 256 * cost * blockSize;
  return scryptSync(password, Buffer.from(salt, 'base64url'), 32, {
    N: cost,
    r: blockSize,
    p: parallel,
    maxmem,
  }).toString('base64url');
}

function readPassword(environment: Environment): string {
  const { USHER_SECRETS_PASSWORD: password, USHER_SECRETS_PASSWORD_FILE: file } = environment;
  if (password) return password;
  if (!file) {
    throw new StoreTrouble(
      'it is locked: its password is not given',
      'Set USHER_SECRETS_PASSWORD_FILE to a file with the password, or USHER_SECRETS_PASSWORD to itself',
    );
  }
  try {
    const text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    if (text !== '') return text;
  } catch (cause) {
    const reason = `it is locked: the file of its password, ${file}, cannot be read: ${describe(cause)}`;
    throw new StoreTrouble(reason, 'Mend USHER_SECRETS_PASSWORD_FILE', cause);
  }
  throw new StoreTrouble(`it is locked: the file of its password, ${file}, is empty`, 'Write the password into it');
}
