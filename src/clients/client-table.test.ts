import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { ServerEntry } from './client.ts';
import { clientTable } from './client-table.ts';
import { addEntry, removeEntry } from './formats/edit.ts';
import { loadFormat } from './formats/formats.ts';
import { findClientFile, type Machine } from './machine.ts';

const golden = new URL('../../test/golden/clients/', import.meta.url);
const server: ServerEntry = {
  name: 'apollo',
  url: 'http://localhost:8000/mcp',
  headers: { 'X-Tenant': 'blue green' },
  oauth: { clientId: '0oa1vscode', callbackPort: 33_418 },
};
const machine: Machine = { platform: 'linux', home: '/home/mia', folder: '/work', environment: {} };

for (const client of clientTable) {
  test(`${client.title} – a server with headers and a client id – its settings are as its vendor documents them`, async () => {
    const format = await loadFormat(client.format);
    const { name } = server;
    const { text, trace } = addEntry(format, '', client, { name, value: client.entry(server), indent: client.indent });
    const expected = readFileSync(new URL(`${client.id}.${client.format}.golden`, golden), 'utf8');
    assert.equal(text, expected);
    assert.equal(removeEntry(format, text, client, { name, trace }), '');
  });

  test(`${client.title} – a server with nothing but a URL – nothing else is written`, () => {
    const text = JSON.stringify(client.entry({ name: 'apollo', url: 'https://mcp.example/mcp' }));
    assert.match(text, /"https:\/\/mcp\.example\/mcp"/);
    assert.doesNotMatch(text, /null|undefined|headers|client_?id/i);
  });
}

test('the client table – ids – each once, in words of the command line', () => {
  const ids = clientTable.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^[a-z][a-z0-9-]*$/);
});

test('the client table – files – no two clients share one, and each has its golden file', () => {
  const files = clientTable.map((client) => findClientFile(client, machine));
  assert.equal(new Set(files).size, files.length);
  const names = clientTable.map(({ id, format }) => `${id}.${format}.golden`);
  assert.deepEqual(readdirSync(golden).toSorted(), names.toSorted());
});
