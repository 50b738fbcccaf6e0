import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { buildJsonSchema } from './json-schema.ts';

const example: unknown = parse(readFileSync(new URL('../../examples/config/usher.yaml', import.meta.url), 'utf8'));
// Read back by zod's own reader of JSON Schema: what an editor would say.
const schema = z.fromJSONSchema(buildJsonSchema());

test('JSON Schema – the example file – fits', () => {
  const { error } = schema.safeParse(example);
  assert.equal(error, undefined);
});

test('JSON Schema – a misspelt key – does not fit', () => {
  assert.equal(schema.safeParse({ ...Object(example), lisen: {} }).success, false);
});
