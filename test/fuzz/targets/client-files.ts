import assert from 'node:assert/strict';
import { addEntry, findEntry, removeEntry } from '../../../src/clients/formats/edit.ts';
import { FileProblem, type Format, type Inserted, type Place } from '../../../src/clients/formats/format.ts';
import { json } from '../../../src/clients/formats/json.ts';
import { toml } from '../../../src/clients/formats/toml.ts';
import { yaml } from '../../../src/clients/formats/yaml.ts';
import type { Target } from '../target.ts';

/** Adds two entries, as two commands would, takes them out again in one order or the other, and wants every byte back. */
export function comesBack(format: Format, text: string, place: Place, isFirstOut: boolean): void {
  const entryOf = (name: string) => ({
    name,
    value: {
      ...(place.holds === 'list' ? { name } : {}),
      type: 'http',
      url: `http://127.0.0.1:1/${name}`,
      headers: { 'X-A': 'b: "c" #' },
    },
    indent: '  ',
  });
  const one = addEntry(format, text, place, entryOf('one'));
  const two = addEntry(format, one.text, place, entryOf('two'));
  assert.deepEqual(findEntry(format, two.text, place, 'one'), entryOf('one').value);
  const take = (from: string, name: string, { joint }: Inserted): string =>
    removeEntry(format, from, place, { name, trace: one.trace, ...(joint === undefined ? {} : { joint }) });
  const left = isFirstOut ? take(take(two.text, 'one', one), 'two', two) : take(take(two.text, 'two', two), 'one', one);
  assert.equal(left, text);
}

/** Settings of a client: the servers come and go and every byte is back, or the reason why nothing was done. */
export function check(format: Format, text: string): void {
  for (const holds of ['map', 'list'] as const) {
    try {
      comesBack(format, text, { path: ['servers'], holds }, holds === 'map');
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      assert.match(error.message, /^\S/);
      assert.match(error.advice, /^[A-Z]/);
    }
  }
}

const byFormat: Readonly<Record<string, readonly string[]>> = {
  json: [
    '{}',
    '{ // a\n\t"servers": { "a": 1, /* b */ },\n}\n',
    '{"servers":{"one":{}},"x":[{"a":"\\u0041"}]}',
    '{"a":1,\r\n"b":2}',
  ],
  yaml: [
    'servers:\n  a: 1 # b\n\nc: |\n  d\n',
    'servers: {} # none\n',
    'servers:\n- name: a\n  b: "c"\n',
    '---\na: &x 1\nb: *x\n',
  ],
  toml: [
    'a = 1\n[servers.a]\nb = """\n[servers.one]\n"""\n',
    'servers = []\n',
    '[[servers]]\nname = "a"\n',
    'servers = [{ name = "a" }]',
  ],
};

function targetOf(format: Format, seeds: readonly string[] = []): Target {
  return { seeds: [...seeds], fuzz: (bytes) => check(format, bytes.toString('utf8')) };
}

export const jsonTarget = targetOf(json, byFormat['json']);
export const yamlTarget = targetOf(yaml, byFormat['yaml']);
export const tomlTarget = targetOf(toml, byFormat['toml']);
