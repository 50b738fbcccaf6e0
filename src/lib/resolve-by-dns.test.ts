import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { buildDnsResolve } from './resolve-by-dns.ts';

/** A real name server: answers for A with these addresses; not at all where there are none. */
async function startNameServer(addresses: readonly string[]) {
  const socket = createSocket('udp4');
  let asked = 0;
  socket.on('message', (query, { port, address }) => {
    asked += 1;
    if (addresses.length === 0) return;
    const question = query.subarray(12, query.indexOf(0, 12) + 5);
    const isA = question.readUInt16BE(question.length - 4) === 1;
    const head = Buffer.from(query.subarray(0, 12));
    head.writeUInt16BE(0x8180, 2);
    head.writeUInt16BE(isA ? addresses.length : 0, 6);
    head.writeUInt32BE(0, 8);
    const answers = isA
      ? addresses.map((one) => Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, ...one.split('.').map(Number)]))
      : [];
    socket.send(Buffer.concat([head, question, ...answers]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    at: `127.0.0.1:${socket.address().port}`,
    asked: () => asked,
    [Symbol.dispose]: () => void socket.close(),
  };
}

function resolve(at: string, name: string): Promise<readonly LookupAddress[]> {
  return new Promise((done, fail) => {
    buildDnsResolve([at])(name, { all: true }, (error, addresses) => (error === null ? done(addresses) : fail(error)));
  });
}

test('a name – all its addresses', async () => {
  using server = await startNameServer(['192.0.2.1', '10.0.0.1']);
  assert.deepEqual(await resolve(server.at, 'app.example.com'), [
    { address: '192.0.2.1', family: 4 },
    { address: '10.0.0.1', family: 4 },
  ]);
});

test('many names whose name server never answers – end in seconds, and files are read meanwhile', async () => {
  using server = await startNameServer([]);
  const began = performance.now();
  const all = Promise.allSettled(Array.from({ length: 20 }, (_, count) => resolve(server.at, `n${count}.example.com`)));
  await new Promise((done) => setTimeout(done, 50));
  const read = performance.now();
  await readFile(new URL(import.meta.url));
  assert.ok(performance.now() - read < 500, 'the threads for files are free');
  for (const { status } of await all) assert.equal(status, 'rejected');
  assert.ok(server.asked() >= 20);
  assert.ok(performance.now() - began < 9_000);
});
