import { isDeepStrictEqual } from 'node:util';
import { isObject } from '../../lib/is-object.ts';
import { FileProblem, type Format, type Inserted, type NamedEntry, type Place, type Trace } from './format.ts';

/** What stands under a name in a text; undefined when nothing does.
 * @throws FileProblem when the text cannot be read
 */
export function findEntry(format: Format, text: string, place: Place, name: string): unknown {
  const holder = holderOf(parseText(format, text), place);
  if (place.holds === 'map') return isObject(holder) && Object.hasOwn(holder, name) ? holder[name] : undefined;
  return Array.isArray(holder) ? holder.find((entry: unknown) => isObject(entry) && entry['name'] === name) : undefined;
}

/** Adds an entry. What comes out is read again: it must say the same as before and the entry, and taking the entry away
 * must give every byte back. A text with which that does not work is not edited at all.
 * @throws FileProblem
 */
export function addEntry(
  format: Format,
  text: string,
  place: Place,
  { name, value, indent }: NamedEntry & { readonly indent: string },
): Inserted {
  const others = othersIn(parseText(format, text), place, name);
  const inserted = format.insert(text, place, { name, value }, indent);
  const isWritten =
    canParse(format, inserted.text) &&
    isDeepStrictEqual(findEntry(format, inserted.text, place, name), value) &&
    isDeepStrictEqual(othersIn(parseText(format, inserted.text), place, name), others);
  if (!isWritten || !format.remove(inserted.text, place, name, inserted).includes(text)) {
    throw new FileProblem(
      `nothing can be added under ${place.path.join('.')} the way it is written`,
      'Write it as one entry a line, or add the server in the client itself',
    );
  }
  return inserted;
}

/** Takes an entry away that is there, and what was made for it.
 * @throws FileProblem when the rest would not stay what it is
 */
export function removeEntry(
  format: Format,
  text: string,
  place: Place,
  { name, ...memory }: { name: string; trace?: Trace; joint?: string },
): string {
  const others = othersIn(parseText(format, text), place, name);
  const found = format
    .remove(text, place, name, memory)
    .find(
      (rest) =>
        canParse(format, rest) &&
        findEntry(format, rest, place, name) === undefined &&
        isDeepStrictEqual(othersIn(parseText(format, rest), place, name), others),
    );
  if (found === undefined) {
    throw new FileProblem(
      `${name} cannot be taken out of ${place.path.join('.')} the way it is written`,
      'Remove it in an editor',
    );
  }
  return found;
}

/** @throws FileProblem also for what is nested so deeply that no parser gets to its end */
function parseText(format: Format, text: string): unknown {
  try {
    return format.parse(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new FileProblem('it is nested too deeply', 'Mend the file in an editor, then try again', error);
  }
}

function canParse(format: Format, text: string): boolean {
  try {
    parseText(format, text);
    return true;
  } catch (error) {
    if (error instanceof FileProblem) return false;
    throw error;
  }
}

function holderOf(root: unknown, { path }: Place): unknown {
  return path.reduce<unknown>(
    (value, key) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    root,
  );
}

/** All a text says but the entry, and but that there is nothing where entries would stand. */
function othersIn(root: unknown, { path, holds }: Place, name: string): unknown {
  const without = (value: unknown, keys: readonly string[]): unknown => {
    const [key, ...rest] = keys;
    if (key === undefined && holds === 'list') {
      return Array.isArray(value)
        ? value.filter((item: unknown) => !isObject(item) || item['name'] !== name)
        : (value ?? undefined);
    }
    if (!isObject(value)) return value ?? undefined;
    return Object.fromEntries(
      Object.entries(value).flatMap(([own, inner]) => {
        if (own !== (key ?? name)) return [[own, inner]];
        const left = key === undefined ? undefined : without(inner, rest);
        return isNothing(left) ? [] : [[own, left]];
      }),
    );
  };
  return without(root ?? {}, path);
}

function isNothing(value: unknown): boolean {
  if (value === undefined) return true;
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}
