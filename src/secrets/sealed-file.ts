import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { describe, findErrorCode } from '../lib/describe-error.ts';
import { parseJson } from '../lib/parse-json.ts';
import { Sealer } from '../lib/sealer.ts';
import { type KeySpec, keySpecSchema } from './keys/key-spec.ts';
import { StoreTrouble } from './store-trouble.ts';

const fileSchema = z.strictObject({ version: z.literal(1), key: keySpecSchema, sealed: z.string() });
const contentSchema = z.record(z.string(), z.strictObject({ value: z.string(), changedAt: z.string() }));

/** What the file of a store holds, before it is opened. */
export type SealedFile = z.output<typeof fileSchema>;
/** Secrets by name. */
export type Content = z.output<typeof contentSchema>;

/** Reads the file; undefined when there is none.
 * @throws StoreTrouble
 */
export function readSealedFile(path: string): SealedFile | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (findErrorCode(cause) === 'ENOENT') return undefined;
    const advice = 'Mend its permissions, or name another file with USHER_SECRETS_FILE';
    throw new StoreTrouble(`it cannot be read: ${describe(cause)}`, advice, cause);
  }
  const parsed = fileSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    const advice = 'Put it back from a copy, or remove it and set the secrets anew';
    throw new StoreTrouble('it is damaged, or not a file of Usher', advice);
  }
  return parsed.data;
}

/** Opens it: all of it is as it was written with this key, or nothing is believed.
 * @throws StoreTrouble
 */
export function openSealedFile({ key: spec, sealed }: SealedFile, key: string): Content {
  const text = new Sealer(key).open(nameOf(spec), sealed);
  if (text === undefined) {
    throw new StoreTrouble(
      spec.from === 'password'
        ? 'it cannot be opened: the password is wrong, or the file was changed'
        : 'it cannot be opened: the file was changed, or its key is that of another store',
      'Put file and key back from a copy, or remove the file and set the secrets anew',
    );
  }
  return contentSchema.parse(parseJson(text));
}

/** The file's text with these secrets. */
export function sealContent(spec: KeySpec, key: string, content: Content): string {
  const sealed = new Sealer(key).seal(nameOf(spec), JSON.stringify(content));
  const file: SealedFile = { version: 1, key: spec, sealed };
  return `${JSON.stringify(file)}\n`;
}

/** Binds the secrets to how their key is had: nobody makes it cheaper unnoticed. */
function nameOf(spec: KeySpec): string {
  return JSON.stringify(Object.entries(spec).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
