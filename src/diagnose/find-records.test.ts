import assert from 'node:assert/strict';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { findRecords, readRecords } from './find-records.ts';

const line = (id: string, more: object = {}) =>
  `${JSON.stringify({ v: 1, time: 't', id, who: {}, what: { http: 'POST /mcp' }, decision: 'refused', reason: 'r', status: 401, ms: { total: 1 }, ...more })}\n`;

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'usher-records-'));
});
after(() => rm(folder, { recursive: true, force: true }));

async function file(text: string): Promise<string> {
  const path = join(folder, 'audit.jsonl');
  await writeFile(path, text);
  return path;
}

test('findRecords – a record anywhere, whatever the pieces it is read in – found', async () => {
  const ids = Array.from({ length: 20 }, (_, index) => `id-${index}`);
  const path = await file(ids.map((id) => line(id, { reason: id })).join(''));
  for (const chunkBytes of [13, 100, 171, 1024 * 1024]) {
    for (const id of ids) {
      const found = await findRecords(path, id, chunkBytes);
      assert.deepEqual(
        found.map(({ reason }) => reason),
        [id],
        `${id} in pieces of ${chunkBytes}`,
      );
    }
  }
});

test('findRecords – a batch – all of its records in their order, and no others', async () => {
  const path = await file([line('a'), line('b', { reason: '1' }), line('b', { reason: '2' }), line('c')].join(''));
  assert.deepEqual(
    (await findRecords(path, 'b', 50)).map(({ reason }) => reason),
    ['1', '2'],
  );
});

test('findRecords – an id that only stands in what a caller chose – not found', async () => {
  const path = await file(line('a', { what: { http: 'POST /mcp', tool: '"id":"b"' }, reason: 'b' }));
  assert.deepEqual(await findRecords(path, 'b'), []);
});

test('findRecords – lines that are no records, a last one that is cut off – read over', async () => {
  const odd = line('a', { details: null }) + line('a', { caller: 'alice' });
  const path = await file(`not JSON "id":"a"\n{"id":"a"}\n${line('a')}${odd}{"v":1,"id":"a"`);
  assert.equal((await findRecords(path, 'a')).length, 1);
});

test('findRecords – the last record behind a terabyte – found without reading that', async (context) => {
  const path = await file('');
  const handle = await open(path, 'r+');
  const holeBytes = 1024 ** 4;
  try {
    await handle.truncate(holeBytes);
    await handle.write(`\n${line('a')}`, holeBytes);
  } catch {
    return context.skip('no files of this size here');
  } finally {
    await handle.close();
  }
  assert.equal((await findRecords(path, 'a')).length, 1);
});

test('readRecords – lines that are no records, and one that is still being written – left out', async () => {
  const path = await file(`${line('a')}{"v":1}\nnothing\n${line('b')}${line('c').slice(0, 40)}`);
  assert.deepEqual(
    (await readRecords(path)).map(({ id }) => id),
    ['a', 'b'],
  );
});
