import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { addEntry } from '../../src/clients/formats/edit.ts';
import { FileProblem, type Place } from '../../src/clients/formats/format.ts';
import { json } from '../../src/clients/formats/json.ts';
import { toml } from '../../src/clients/formats/toml.ts';
import { yaml } from '../../src/clients/formats/yaml.ts';
import { check, comesBack } from '../fuzz/targets/client-files.ts';
import { anyText, property } from '../kit/property.ts';

const map: Place = { path: ['servers'], holds: 'map' };
const list: Place = { path: ['servers'], holds: 'list' };

const trivia = fc.constantFrom('', '', '', ' ', '\n', '\r\n', '\n  ', '\n\t', '/* , } */', ' // " {\n', '\n\n    ');
const glue = (...parts: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((texts) => texts.join(''));
const key = fc.constantFrom('a', 'b', 'mcpServers', 'x y', '"', '__proto__', '😀').map((text) => JSON.stringify(text));

function members(items: fc.Arbitrary<readonly string[]>): fc.Arbitrary<string> {
  return fc
    .tuple(items, fc.array(trivia, { minLength: 12, maxLength: 12 }), fc.boolean())
    .map(([parts, spaces, hasComma]) => {
      const inner = parts.map((part, index) => `${spaces[index]}${part}${spaces[index + 4]}`).join(',');
      return `${inner}${hasComma && parts.length > 0 ? ',' : ''}${spaces[11]}`;
    });
}

const { value } = fc.letrec<{ value: string; object: string }>((tie) => ({
  object: members(
    fc
      .uniqueArray(fc.tuple(key, trivia, trivia, tie('value')), { maxLength: 4, selector: ([name]) => name })
      .map((properties) => properties.map(([name, before, after, inner]) => `${name}${before}:${after}${inner}`)),
  ).map((text) => `{${text}}`),
  value: fc.oneof(
    { maxDepth: 3 },
    anyText.map((text) => JSON.stringify(text)),
    fc.constantFrom('1', 'null', 'true', '-1.5e3'),
    members(fc.array(tie('value'), { maxLength: 4 })).map((text) => `[${text}]`),
    tie('object'),
  ),
}));
const servers = members(
  fc
    .uniqueArray(fc.tuple(key, trivia, value), { maxLength: 4, selector: ([name]) => name })
    .map((properties) => properties.map(([name, space, inner]) => `${name}:${space}${inner}`)),
).map((text) => `{${text}}`);
const jsonText = glue(
  trivia,
  members(
    fc
      .tuple(
        fc.uniqueArray(fc.tuple(key, trivia, value), { maxLength: 3, selector: ([name]) => name }),
        fc.option(servers),
        fc.nat(3),
      )
      .map(([properties, found, at]) => {
        const texts = properties.map(([name, space, inner]) => `${name}${space}:${inner}`);
        return found === null ? texts : texts.toSpliced(at, 0, `"servers": ${found}`);
      }),
  ).map((text) => `{${text}}`),
  trivia,
);

property(
  'a JSON file with comments – two entries added and removed in any order – has every byte back',
  fc.tuple(jsonText, fc.boolean()),
  ([text, isFirstOut]) => comesBack(json, text, map, isFirstOut),
  150,
);

property(
  'a JSON file that says nothing – an entry added and removed – has every byte back',
  fc.tuple(fc.stringMatching(/^[ \t\r\n]*$/), fc.boolean()),
  ([text, isFirstOut]) => comesBack(json, text, map, isFirstOut),
);

const word = fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/);
const eolText = (lines: fc.Arbitrary<readonly string[]>): fc.Arbitrary<string> =>
  fc.tuple(lines, fc.constantFrom('\n', '\r\n'), fc.boolean()).map(([texts, eol, isEnded]) => {
    const text = texts.join(eol);
    return isEnded && text !== '' ? text + eol : text;
  });

const yamlScalar = fc.constantFrom(
  '1',
  "'it''s'",
  '"a: b # c"',
  'plain text',
  '[1, {a: b}]',
  '{}',
  '',
  'null # nothing',
  '|',
  '>-',
);
const yamlPair = fc
  .tuple(word, yamlScalar, fc.boolean())
  .map(([name, text, hasComment]) => [
    `${name}: ${text}`.trimEnd(),
    ...(text === '|' || text === '>-' ? ['  first', '', '    second'] : []),
    ...(hasComment ? ['# a comment', ''] : []),
  ]);
const yamlPairs = fc.uniqueArray(yamlPair, { maxLength: 4, selector: (lines) => lines[0]?.split(':')[0] });
const indented = (lines: readonly string[], by: string): readonly string[] =>
  lines.map((line) => (line === '' ? '' : by + line));
const yamlHolder = (place: Place): fc.Arbitrary<readonly string[]> =>
  fc.oneof(
    fc.constant([]),
    fc
      .constantFrom('servers:', 'servers: {} # none', 'servers: null', 'servers: []', 'servers: ~   # nothing')
      .map((line) => [line]),
    fc.tuple(yamlPairs, fc.constantFrom('  ', '    ')).map(([pairs, by]) => {
      if (pairs.length === 0) return ['servers:'];
      const items =
        place.holds === 'map'
          ? pairs.flatMap((lines) => indented(lines, by))
          : pairs.flatMap(([head = '', ...rest]) => indented([`- ${head}`, ...indented(rest, '  ')], by));
      return ['servers:', ...items];
    }),
  );
const yamlText = (place: Place): fc.Arbitrary<string> =>
  eolText(
    fc.tuple(yamlPairs, yamlHolder(place), yamlPairs).map(([before, holder, after]) => {
      const seen = new Set(before.map((lines) => lines[0]?.split(':')[0]));
      const rest = after.filter((lines) => !seen.has(lines[0]?.split(':')[0]));
      return [...before.flat(), ...holder, ...rest.flat()];
    }),
  );

for (const place of [map, list]) {
  property(
    `a YAML file with a ${place.holds} of servers – two entries added and removed in any order – has every byte back`,
    fc.tuple(yamlText(place), fc.boolean()),
    ([text, isFirstOut]) => comesBack(yaml, text, place, isFirstOut),
    150,
  );
}

const tomlPair = fc
  .tuple(
    word,
    fc.constantFrom(
      '1',
      '"a # b"',
      "'''\n[servers.one]\n'''",
      '"""\n[x]\n"""',
      '[1, 2] # c',
      '{ a = 1 }',
      '1979-05-27',
    ),
  )
  .map(([name, text]) => `${name} = ${text}`);
const tomlPairs = fc.uniqueArray(tomlPair, { maxLength: 3, selector: (line) => line.split(' ')[0] });
const tomlText = (place: Place): fc.Arbitrary<string> =>
  eolText(
    fc
      .tuple(
        tomlPairs,
        fc.uniqueArray(word, { maxLength: 3 }),
        tomlPairs,
        fc.constantFrom([], ['']),
        fc.constantFrom([], ['# the end', '']),
      )
      .map(([top, names, inner, blank, end]) => [
        ...top,
        ...names.flatMap((name) => [
          ...blank,
          ...(place.holds === 'map' ? [`[servers.t-${name}] # c`] : ['[[servers]]', `name = "t-${name}"`]),
          ...inner.map((line) => `k${line}`),
        ]),
        ...end,
      ]),
  );

for (const place of [map, list]) {
  property(
    `a TOML file with a ${place.holds} of servers – two entries added and removed in any order – has every byte back`,
    fc.tuple(tomlText(place), fc.boolean()),
    ([text, isFirstOut]) => comesBack(toml, text, place, isFirstOut),
    150,
  );
}

for (const [name, format] of Object.entries({ json, yaml, toml })) {
  property(
    `any text as a ${name} file – an entry added – has every byte back, or is refused with a reason`,
    anyText,
    (text) => check(format, text),
  );
}

for (const [name, format, text] of [
  ['JSON', json, `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ['TOML', toml, `a = ${'['.repeat(100_000)}${']'.repeat(100_000)}`],
] as const) {
  test(`a ${name} file nested a hundred thousand deep – an entry added – refused with a reason`, () => {
    const entry = { name: 'one', value: {}, indent: '  ' };
    assert.throws(() => addEntry(format, text, map, entry), FileProblem);
  });
}

test('a key that stands twice – an entry added – refused, for clients differ on which one counts', () => {
  assert.throws(
    () => addEntry(json, '{"servers":{},"servers":{}}', map, { name: 'one', value: {}, indent: '  ' }),
    /"servers" twice/,
  );
});
