import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { assertFails } from '../../test/kit/assert-fails.ts';
import { sendJson, startHttpServer, type Respond } from '../../test/kit/start-http-server.ts';
import { serverJson, startMcpRegistry } from '../../test/kit/start-mcp-registry.ts';
import { apiRegistry } from './api-registry.ts';
import { findServer } from './find-server.ts';

const many = Array.from({ length: 7 }, (_, index) => serverJson({ name: `io.github.acme/server-${index}` }));

async function answering(context: TestContext, respond: Respond) {
  const server = await startHttpServer(respond);
  context.after(() => server[Symbol.asyncDispose]());
  return apiRegistry(server.url);
}

test('registry – a list on several pages – is read to its end, each page by the cursor of the one before', async (context) => {
  const registry = await startMcpRegistry(context, many, { pageSize: 3 });
  const found = await apiRegistry(registry.url).search('', 100);
  assert.deepEqual(
    found.map(({ server }) => server.name),
    many.map(({ name }) => name),
  );
  assert.deepEqual(
    registry.seen.map(({ url }) => new URL(url, 'http://x').searchParams.get('cursor')),
    [null, '3', '6'],
  );
});

test('registry – more than anybody wants – is not read further', async (context) => {
  const registry = await startMcpRegistry(context, many, { pageSize: 3 });
  assert.equal((await apiRegistry(registry.url).search('', 4)).length, 4);
  assert.equal(registry.seen.length, 2);
});

test('registry – one that has the older paths only – is asked with those', async (context) => {
  const registry = await startMcpRegistry(context, many, { version: 'v0' });
  const api = apiRegistry(`${registry.url}/`);
  const [found] = await api.find('io.github.acme/server-3', undefined);
  assert.equal(found?.server.name, 'io.github.acme/server-3');
  assert.equal(registry.seen.at(-1)?.url, '/v0/servers/io.github.acme%2Fserver-3/versions/latest');
});

test('registry – a name with its version – is asked for as such, and must come so', async (context) => {
  const versions = [serverJson({ version: '1.0.0' }), serverJson({ version: '2.0.0' })];
  const registry = await startMcpRegistry(context, versions);
  const api = [apiRegistry(registry.url)];
  assert.equal((await findServer('io.github.acme/weather', api)).server.version, '2.0.0');
  assert.equal((await findServer('io.github.acme/weather@1.0.0', api)).server.version, '1.0.0');
  assert.equal((await findServer('weather@1.0.0', api)).server.version, '1.0.0');
  await assertFails(findServer('io.github.acme/weather@3.0.0', api), 'name_unknown');
});

test('registry – another server than was asked for – is refused', async (context) => {
  const api = await answering(context, (_, response) =>
    sendJson(response, 200, { server: serverJson({ name: 'io.evil/other' }) }),
  );
  await assertFails(
    api.find('io.github.acme/weather', undefined),
    'registry_unusable',
    /answered with io\.evil\/other/,
  );
});

test('registry – a redirect, also to itself – is not followed', async (context) => {
  const api = await answering(context, (_, response) => void response.writeHead(302, { location: '/elsewhere' }).end());
  await assertFails(api.search('', 1), 'registry_unusable', /redirect \(302\), which is not followed/);
});

test('registry – pages that go round in a circle – are left', async (context) => {
  const api = await answering(context, (_, response) =>
    sendJson(response, 200, { servers: [{ server: serverJson() }], metadata: { nextCursor: 'again' } }),
  );
  await assertFails(api.search('', 100), 'registry_unusable', /in a circle/);
});

test('registry – pages that never end – are read up to a bound', { timeout: 60_000 }, async (context) => {
  let pages = 0;
  const api = await answering(context, (_, response) => {
    pages += 1;
    sendJson(response, 200, { servers: [], metadata: { nextCursor: `${pages}` } });
  });
  assert.deepEqual(await api.search('', 100), []);
  assert.equal(pages, 50);
});

test('registry – an answer that is too large, none, or no JSON – is one sentence', async (context) => {
  const large = await answering(context, (_, response) => void response.end('x'.repeat(5 * 1024 * 1024)));
  await assertFails(large.search('', 1), 'registry_unusable', /Cannot use the registry http:/);
  const broken = await answering(context, (_, response) => void response.end('<html>'));
  await assertFails(broken.search('', 1), 'registry_unusable', /is not JSON/);
  const failing = await answering(context, (_, response) => void response.writeHead(503).end());
  await assertFails(failing.search('', 1), 'registry_unusable', /status 503/);
});

test('registry – one entry that cannot be read – does not take the others with it', async (context) => {
  const api = await answering(context, (_, response) =>
    sendJson(response, 200, { servers: [{ server: { name: 'no slash' } }, { server: serverJson() }] }),
  );
  assert.deepEqual(
    (await api.search('', 10)).map(({ server }) => server.name),
    ['io.github.acme/weather'],
  );
});

test('registry – plain http elsewhere, or a URL with a password – is refused before anything is sent', () => {
  assert.throws(() => apiRegistry('http://registry.example.com'), /plain http is taken on this machine only/);
  assert.throws(() => apiRegistry('https://user:password@registry.example.com'), /a user, a query or a fragment/);
});

test('registry – an answer deeper than the stack, or with a key that stands twice – is refused, in one sentence', async (context) => {
  const deep = `{"server":{"x":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`;
  const twice = '{"server":{"name":"io.github.acme/weather","name":"io.github.evil/weather"}}';
  for (const text of [deep, twice]) {
    const api = await answering(context, (_, response) => void response.end(text));
    await assertFails(
      api.find('io.github.acme/weather', undefined),
      'registry_unusable',
      /its answer cannot be relied on/,
    );
  }
});
