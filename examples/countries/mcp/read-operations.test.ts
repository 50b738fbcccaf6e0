import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readOperations } from './read-operations.ts';

const folder = mkdtempSync(join(tmpdir(), 'countries-operations-'));
after(() => rmSync(folder, { recursive: true }));
const schemaFile = join(folder, 'schema.graphql');
writeFileSync(
  schemaFile,
  `
  enum Size { "up to ten" SMALL LARGE }
  "A tree of conditions."
  input Filter { "Any of these" any: [Filter!] size: Size = SMALL name: String! }
  scalar Date
  type Query {
    "Everything there is."
    all("How many at most" first: Int = 10, ids: [ID!]!, filter: Filter, at: Date, ok: Boolean, ratio: Float): [String]
  }
  type Mutation { drop: Boolean }
  `,
);

function readOne(text: string) {
  const file = join(folder, 'operation.graphql');
  writeFileSync(file, text);
  try {
    return { operation: readOperations(schemaFile, [file])[0], problem: '' };
  } catch (error) {
    return { operation: undefined, problem: (error as Error).message.replaceAll(file, 'FILE') };
  }
}

test('readOperations – variables of all kinds – become a JSON Schema', () => {
  const { operation } = readOne(`query All(
    $first: Int = 5, $ids: [ID!]!, $filter: Filter!, $at: Date, $ok: Boolean, $ratio: Float
  ) { all(first: $first, ids: $ids, filter: $filter, at: $at, ok: $ok, ratio: $ratio) }`);
  assert.deepEqual(operation?.inputSchema, {
    type: 'object',
    properties: {
      first: {
        type: 'integer',
        minimum: -2_147_483_648,
        maximum: 2_147_483_647,
        description: 'How many at most',
        default: 5,
      },
      ids: { type: 'array', items: { type: 'string' } },
      filter: { $ref: '#/$defs/Filter' },
      at: {},
      ok: { type: 'boolean' },
      ratio: { type: 'number' },
    },
    required: ['ids', 'filter'],
    additionalProperties: false,
    $defs: {
      Filter: {
        type: 'object',
        description: 'A tree of conditions.',
        properties: {
          any: { type: 'array', items: { $ref: '#/$defs/Filter' }, description: 'Any of these' },
          size: { type: 'string', enum: ['SMALL', 'LARGE'], description: 'SMALL: up to ten, LARGE', default: 'SMALL' },
          name: { type: 'string' },
        },
        required: ['name'],
        additionalProperties: false,
      },
    },
  });
});

test('readOperations – comment above the operation – is the description', () => {
  const { operation } = readOne('# First line\n#  second line\nquery All { all(ids: []) }');
  assert.equal(operation?.description, 'First line\nsecond line');
});

test('readOperations – no comment – the description comes from the schema', () => {
  assert.equal(readOne('query All { all(ids: []) }').operation?.description, 'Everything there is. ([String])');
});

test('readOperations – comment above a variable – goes before the schema', () => {
  const { operation } = readOne('query All(\n# At most\n$first: Int) { all(first: $first, ids: []) }');
  assert.match(JSON.stringify(operation?.inputSchema), /"description":"At most"/);
});

const problems: readonly { readonly what: string; readonly text: string; readonly says: RegExp }[] = [
  { what: 'syntax error', text: 'query All {\n  all(', says: /FILE:2:7 Syntax Error/ },
  { what: 'unknown field', text: 'query All {\n  none\n}', says: /FILE:2:3 Cannot query field "none"/ },
  { what: 'no name', text: '{ all(ids: []) }', says: /FILE is no tool: its operation has no name/ },
  {
    what: 'two operations',
    text: 'query A { all(ids: []) } query B { all(ids: []) }',
    says: /FILE is no tool: it has 2 operations/,
  },
  { what: 'empty file', text: '', says: /FILE:1:1 Syntax Error/ },
  { what: 'mutation', text: 'mutation Drop { drop }', says: /FILE is no tool: it is a mutation, expected a query/ },
];
for (const { what, text, says } of problems) {
  test(`readOperations – ${what} – is refused with file and place`, () => assert.match(readOne(text).problem, says));
}

test('readOperations – the same name twice – is refused', () => {
  const files = ['a.graphql', 'b.graphql'].map((name) => join(folder, name));
  for (const file of files) writeFileSync(file, 'query Same { all(ids: []) }');
  assert.throws(
    () => readOperations(schemaFile, files),
    /b\.graphql has the operation Same, which another file has too/,
  );
});

test('readOperations – path that is not there – is refused with its name', () => {
  assert.throws(() => readOperations(schemaFile, [join(folder, 'nowhere')]), /nowhere/);
});
