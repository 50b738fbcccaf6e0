import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../../test/kit/until.ts';
import { demultiplex } from './demultiplex.ts';

function frame(stream: 1 | 2, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

async function readAll(stream: Readable): Promise<string> {
  let text = '';
  for await (const part of stream) text += String(part);
  return text;
}

const bytes = Buffer.concat([frame(1, '{"a":1}\n'), frame(2, 'oops'), frame(1, ''), frame(1, 'ž'.repeat(1000))]);

for (const size of [1, 3, 7, 8, 9, 500, bytes.length]) {
  test(`frames of an attached container – in pieces of ${size} bytes – both outputs whole and apart`, async () => {
    const connection = new PassThrough();
    const { stdout, stderr } = demultiplex(connection);
    const read = Promise.all([readAll(stdout), readAll(stderr)]);
    for (let at = 0; at < bytes.length; at += size) connection.write(bytes.subarray(at, at + size));
    connection.end();
    assert.deepEqual(await read, [`{"a":1}\n${'ž'.repeat(1000)}`, 'oops']);
  });
}

test('a reader that does not read – the container is made to wait, nothing is lost', async () => {
  const connection = new PassThrough();
  const { stdout, stderr } = demultiplex(connection);
  stderr.resume();
  const chunk = frame(1, 'x'.repeat(60_000));
  let taken = 0;
  while (connection.write(chunk)) taken += 1;
  for (let more = 0; more < 10; more += 1) connection.write(chunk);
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(connection.isPaused(), 'it goes on reading');
  let length = 0;
  stdout.on('data', (data: Buffer) => (length += data.length));
  connection.end();
  await once(stdout, 'end');
  assert.equal(length, 60_000 * (taken + 11));
});

test('a connection that breaks – both outputs end', async () => {
  const connection = new PassThrough();
  const { stdout, stderr } = demultiplex(connection);
  connection.write(frame(1, 'half').subarray(0, 10));
  const read = Promise.all([readAll(stdout), readAll(stderr)]);
  await new Promise((resolve) => setImmediate(resolve));
  connection.destroy();
  assert.deepEqual(await read, ['ha', '']);
});

test('many frames at once for a reader that does not read – one thing is waited for, and the other output does not end that', async () => {
  const connection = new PassThrough();
  const { stdout, stderr } = demultiplex(connection);
  connection.write(Buffer.concat(Array.from({ length: 500 }, () => frame(1, 'x'.repeat(1_000)))));
  connection.write(Buffer.concat(Array.from({ length: 500 }, () => frame(2, 'y'.repeat(1_000)))));
  await until(() => connection.isPaused());
  assert.equal(stdout.listenerCount('drain'), 1);
  stderr.resume();
  await sleep(50);
  assert.ok(connection.isPaused());
  const read = [readAll(stdout), readAll(stderr)];
  connection.end();
  assert.equal((await read[0])?.length, 500_000);
});
