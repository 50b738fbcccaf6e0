import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { Secret } from '../model/secret.ts';
import type { FindSecret } from '../model/secret-store.ts';
import { fileProblem } from './config-file.ts';

const largestSecretBytes = 64 * 1024;

/** How a secret was given: itself, or where it stands. */
export interface SecretForm {
  readonly form: 'literal' | 'file' | 'environment' | 'reference';
  /** The secret, the path of the file, the name of the variable, or its name in the secret store. */
  readonly text: unknown;
  /** What a relative path of a file is relative to. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where references lead. */
  readonly findSecret?: FindSecret | undefined;
}

export interface ReadSecret {
  /** Also there when it could not be read, so that one mistake is not reported twice; a problem stops the start. */
  readonly value: Secret;
  readonly problem?: string;
  readonly warning?: string;
}

/** Where a secret stands outside of the configuration: how the key for that ends, and what it says. */
export interface SecretPlace {
  readonly ending: 'File' | 'Ref';
  readonly text: string;
}

const places = new WeakMap<Secret, SecretPlace>();

/** Where a secret was read from; undefined for one that nobody can read again: given itself, or in a variable. */
export function findSecretPlace(secret: Secret): SecretPlace | undefined {
  return places.get(secret);
}

/** Reads a secret. Neither problem nor warning ever quotes it. */
export function readSecret({ form, text, folder, environment, findSecret }: SecretForm): ReadSecret {
  if (typeof text !== 'string') return unusable('is not text; put it in quotes');
  if (text.trim() === '') return unusable('is empty');
  if (form === 'environment') return fromVariable(text, environment);
  if (form === 'file') return fromFile(text, folder);
  if (form === 'reference') return fromStore(text.trim(), findSecret);
  return {
    ...(text === text.trim() ? { value: new Secret(text) } : unusable('begins or ends with a space or line break')),
    warning: 'holds the secret itself; better keep it in a file of its own or in a variable',
  };
}

function unusable(problem: string): ReadSecret {
  return { value: new Secret(''), problem };
}

/** Neither the variable nor the file is named in problems: the secret itself may stand there by mistake. */
function fromVariable(name: string, environment: SecretForm['environment']): ReadSecret {
  const value = environment[name]?.trim();
  if (value === undefined)
    return unusable('names a variable that is not set; expected the name of a variable that holds the secret');
  if (value === '') return unusable('names a variable that is empty; put the secret into it');
  return { value: new Secret(value) };
}

function fromStore(name: string, findSecret: FindSecret | undefined): ReadSecret {
  if (findSecret === undefined) return unusable('names a secret of the secret store, which is not looked at here');
  const found = findSecret(name);
  if ('problem' in found) return unusable(found.problem);
  places.set(found.secret, { ending: 'Ref', text: name });
  return { value: found.secret };
}

function fromFile(name: string, folder: string): ReadSecret {
  try {
    const path = resolve(folder, name);
    const { size, mode } = statSync(path);
    if (size > largestSecretBytes) return unusable(`names a file of ${size} bytes; is it the right one?`);
    const value = readFileSync(path, 'utf8').trim();
    if (value === '') return unusable('names a file that is empty; write the secret into it');
    if (/[\r\n]/.test(value)) return unusable('names a file of several lines; expected the secret alone');
    const isOpen = process.platform !== 'win32' && (mode & 0o004) !== 0;
    const secret = new Secret(value);
    places.set(secret, { ending: 'File', text: path });
    return {
      value: secret,
      ...(isOpen ? { warning: 'names a file that every user of this machine can read; chmod 600 it' } : {}),
    };
  } catch (error) {
    const start = isAbsolute(name) ? '' : ` (its path starts at ${folder})`;
    return unusable(`names a file that ${fileProblem(error)}${start}`);
  }
}
