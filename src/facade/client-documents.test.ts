import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { after, before, test } from 'node:test';
import { collectLog } from '../../test/kit/collect-log.ts';
import { startDocumentServer, type DocumentServer } from '../../test/kit/start-document-server.ts';
import { buildHttpClient } from '../lib/http-client.ts';
import { buildClientDocuments } from './client-documents.ts';
import { buildGuardedFetch } from './guarded-fetch.ts';
import { buildCheckedLookup } from '../lib/checked-lookup.ts';

let good: DocumentServer;
let inner: DocumentServer;
before(async () => {
  good = await startDocumentServer('127.0.0.1');
  inner = await startDocumentServer('127.0.0.2', good.port);
});
after(async () => {
  await good[Symbol.asyncDispose]();
  await inner[Symbol.asyncDispose]();
});

/** Answers of a name server, one after the other; the last stays. */
function answering(...answers: readonly (readonly string[])[]) {
  let asked = 0;
  return {
    asked: () => asked,
    resolve: (_: string, __: object, callback: (error: null, addresses: LookupAddress[]) => void) => {
      const addresses = answers[Math.min(asked++, answers.length - 1)] ?? [];
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    },
  };
}

async function fetchWith(names: ReturnType<typeof answering>): Promise<number> {
  const lookup = buildCheckedLookup((address) => address === '127.0.0.1', names.resolve);
  const http = buildHttpClient({ ca: [good.ca, inner.ca], lookup });
  try {
    return (await http.send(`${good.origin}/x`, { method: 'GET', headers: {}, timeoutMs: 3000 })).status;
  } finally {
    await http.close();
  }
}

test('a name that means an inner address a moment later – is connected to where it was looked at', async () => {
  const names = answering(['127.0.0.1'], ['127.0.0.2']);
  const connections = good.connections();
  assert.equal(await fetchWith(names), 404);
  assert.deepEqual([names.asked(), good.connections() - connections, inner.connections()], [1, 1, 0]);
});

test('a name with an inner address beside a public one – is refused whole', async () => {
  for (const addresses of [['127.0.0.1', '127.0.0.2'], ['127.0.0.2', '127.0.0.1'], ['127.0.0.2'], []]) {
    const connections = good.connections();
    await assert.rejects(fetchWith(answering(addresses)), /which is no place to fetch from/);
    assert.deepEqual([good.connections() - connections, inner.connections()], [0, 0]);
  }
});

for (const address of [
  '127.0.0.1',
  '10.0.0.1',
  '169.254.169.254',
  '0.0.0.0',
  '224.0.0.1',
  '::1',
  '::ffff:127.0.0.1',
  'fe80::1',
  'fd00:ec2::254',
  '64:ff9b::7f00:1',
  '2002:7f00:1::1',
]) {
  test(`a document whose host is at ${address} – is not fetched, and the answer does not say why`, async () => {
    const { log, logged } = collectLog();
    const documents = buildClientDocuments({
      rules: [`localhost:${good.port}`],
      redirectUris: [],
      fetch: buildGuardedFetch({
        isLoopback: false,
        ca: [good.ca],
        now: Date.now,
        resolve: answering([address]).resolve,
      }),
      now: Date.now,
      log,
      name: 'countries',
    });
    const connections = good.connections();
    const url = good.document('/a.json');
    await assert.rejects(documents.read(url), { message: `The app's document at ${url} cannot be fetched.` });
    assert.equal(good.connections(), connections);
    assert.ok(logged.join('\n').includes(`localhost is at ${address}, which is no place to fetch from`), logged[0]);
  });
}
