import type { SeededRandom } from '../kit/seeded-random.ts';

/** What parsers stumble over: ends of things, names with a meaning, numbers that are none, bytes that are no text. */
const tokens = [
  '\u0000',
  '\r\n',
  '\n',
  ' ',
  '\t',
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '.',
  '..',
  '=',
  '%00',
  '%2e',
  ';',
  '-',
  '_',
  '\u2028',
  '\u00e9',
  '\ufeff',
  '\ud83d\ude00',
  '\\ud800',
  '\\u0000',
  '\xc0\xaf',
  '\xff',
  '&a',
  '*a',
  '<<',
  '!!',
  '---\n',
  '# ',
  'null',
  'true',
  '__proto__',
  'constructor',
  'toString',
  'none',
  'Bearer ',
  'authorization: ',
  'access_token=',
  'bearer',
  '0',
  '-1',
  '1e400',
  '-0',
  '9007199254740993',
  '0x10',
  '1e-7',
  'NaN',
  '"a":1,',
  '"__proto__":{"a":1},',
  '{"":',
  '[[[[',
] as const;

const values = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e21,
  9_007_199_254_740_991,
  '',
  ' ',
  'a',
  '0',
  '__proto__',
  '\u0000',
  '\r\nx: 1',
  '\ud800',
  '\u2028',
  'none',
  'RS256',
  [],
  {},
  [[]],
  [null],
  ['a', 1],
  { a: 1 },
  'x'.repeat(300),
  1_800_000_000,
  -1e300,
] as const;

export const longestInput = 16 * 1024;

/** Another input made of one or two known ones: bytes changed, or, where it is JSON, parts of it. */
export function mutate(input: Buffer, other: Buffer, random: SeededRandom): Buffer {
  let mutated = input;
  for (let times = 1 + random.below(4); times > 0; times -= 1) {
    mutated = (random.below(3) > 0 ? mutateJson(mutated, random) : undefined) ?? mutateBytes(mutated, other, random);
  }
  return mutated.subarray(0, longestInput);
}

function mutateBytes(input: Buffer, other: Buffer, random: SeededRandom): Buffer {
  const at = random.below(input.length + 1);
  const until = Math.min(input.length, at + 1 + random.below(random.below(8) === 0 ? 200 : 6));
  const [before, cut, after] = [input.subarray(0, at), input.subarray(at, until), input.subarray(until)];
  switch (random.below(8)) {
    case 0:
      return Buffer.concat([before, after]);
    case 1:
      return Buffer.concat([before, Buffer.from(random.pick(tokens)), cut, after]);
    case 2:
      return Buffer.concat([before, Buffer.from(random.pick(tokens)), after]);
    case 3:
      return Buffer.concat([before, cut, cut, cut, after]);
    case 4: {
      const from = random.below(other.length + 1);
      return Buffer.concat([before, other.subarray(from, from + random.below(64)), after]);
    }
    case 5:
      return Buffer.concat([before, Buffer.from([random.below(256)]), cut, after]);
    case 6: {
      const times = 1 + random.below(random.below(50) === 0 ? 4_000 : 20);
      return Buffer.concat([before, Buffer.alloc(times * cut.length, cut.length === 0 ? '[' : cut), after]);
    }
    default: {
      const flipped = Buffer.from(input);
      if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8));
      return flipped;
    }
  }
}

type Place = { readonly holder: Record<string, unknown> | unknown[]; readonly key: string | number };

/** Undefined where it is no JSON. */
function mutateJson(input: Buffer, random: SeededRandom): Buffer | undefined {
  let root: { value: unknown };
  try {
    root = { value: JSON.parse(input.toString('utf8')) };
  } catch {
    return undefined;
  }
  const places = findPlaces(root, 'value', []);
  const place = random.pick(places);
  const found: unknown = Reflect.get(place.holder, place.key);
  switch (random.below(7)) {
    case 0: {
      const from = random.pick(places);
      Reflect.set(place.holder, place.key, structuredClone(Reflect.get(from.holder, from.key)));
      break;
    }
    case 1:
      if (place.holder !== root) Reflect.deleteProperty(place.holder, place.key);
      break;
    case 2:
      Reflect.set(place.holder, place.key, random.below(2) === 0 ? [found] : [found, random.pick(values)]);
      break;
    case 3:
      if (!Array.isArray(place.holder)) Reflect.set(place.holder, random.pick(tokens).trim(), structuredClone(found));
      break;
    case 4:
      Reflect.set(place.holder, place.key, mutateScalar(found, random));
      break;
    case 5:
      return duplicateKey(JSON.stringify(root.value), random);
    default:
      Reflect.set(place.holder, place.key, random.pick(values));
  }
  const text: string | undefined = JSON.stringify(root.value);
  return text === undefined ? undefined : Buffer.from(text);
}

function mutateScalar(value: unknown, random: SeededRandom): unknown {
  if (typeof value === 'number') return random.pick([value + 1, -value, value * 1000, String(value), value / 3]);
  if (typeof value !== 'string') return JSON.stringify(value);
  const at = random.below(value.length + 1);
  return random.pick([
    value.slice(0, at),
    value.slice(0, at) + random.pick(tokens) + value.slice(at),
    value.toUpperCase(),
    `${value} ${value}`,
    Number(value),
  ]);
}

/** The same name twice in one object, which no object can stand for. */
function duplicateKey(text: string, random: SeededRandom): Buffer {
  const keys = [...text.matchAll(/"((?:[^"\\]|\\.)*)":/g)];
  if (keys.length === 0) return Buffer.from(text);
  const [match, again] = [random.pick(keys), random.pick(keys)];
  return Buffer.from(
    `${text.slice(0, match.index)}${again[0]}${JSON.stringify(random.pick(values))},${text.slice(match.index)}`,
  );
}

function findPlaces(holder: object, key: string | number, found: Place[], depth = 0): Place[] {
  found.push({ holder: holder as Place['holder'], key });
  const value: unknown = Reflect.get(holder, key);
  if (typeof value !== 'object' || value === null || depth > 40 || found.length > 400) return found;
  for (const inner of Array.isArray(value) ? value.keys() : Object.keys(value))
    findPlaces(value, inner, found, depth + 1);
  return found;
}
