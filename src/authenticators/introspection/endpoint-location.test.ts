import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectLog } from '../../../test/kit/collect-log.ts';
import { sendJson, startHttpServer, type TestServer } from '../../../test/kit/start-http-server.ts';
import { buildHttpClient } from '../../lib/http-client.ts';
import { Secret } from '../../model/secret.ts';
import { UsherError } from '../../model/usher-error.ts';
import { EndpointLocation } from './endpoint-location.ts';
import { introspectionSchema } from './schema.ts';

const metadataPath = '/.well-known/oauth-authorization-server/oauth2/as1';

/** An issuer whose metadata tests may bend, and the location of its endpoint for a client. */
async function startLab(changes: Record<string, unknown> = {}) {
  await using stack = new AsyncDisposableStack();
  let document: Record<string, unknown> | undefined = {};
  const server: TestServer = stack.use(
    await startHttpServer(({ url }, response) => {
      if (url !== metadataPath || document === undefined) return sendJson(response, 404, {});
      sendJson(response, 200, { issuer: `${server.url}/oauth2/as1`, jwks_uri: `${server.url}/keys`, ...document });
    }),
  );
  const http = buildHttpClient();
  stack.defer(() => http.close());
  const { log, logged } = collectLog();
  const clock = { nowMs: 1_800_000_000_000 };
  const settings = introspectionSchema.parse({
    strategy: 'introspection',
    issuer: `${server.url}/oauth2/as1`,
    audience: ['mcpserver'],
    clientId: 'gateway',
    clientSecret: new Secret('shh'),
    ...changes,
  });
  const location = new EndpointLocation(settings, { http, log, now: () => clock.nowMs, name: 'apollo' });
  const all = stack.move();
  return {
    server,
    location,
    clock,
    logged,
    publish: (next: Record<string, unknown> | undefined) => (document = next),
    reason: () =>
      location.find().then(
        () => '',
        (error: unknown) => (error instanceof UsherError ? `${error.code}: ${error.hint}` : String(error)),
      ),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

test('EndpointLocation – the settings name the URL – nobody is asked', async () => {
  await using lab = await startLab({ url: 'https://issuer.example/introspect' });
  assert.equal(await lab.location.find(), 'https://issuer.example/introspect');
  assert.equal(lab.server.seen.length, 0);
});

test('EndpointLocation – a hundred callers at once – the metadata is read once, and its endpoint taken', async () => {
  await using lab = await startLab();
  lab.publish({ introspection_endpoint: `${lab.server.url}/introspect` });
  assert.match(lab.location.lacking ?? '', /says where to ask about tokens: not read yet$/);
  const found = await Promise.all(Array.from({ length: 100 }, () => lab.location.find()));
  assert.deepEqual([...new Set(found)], [`${lab.server.url}/introspect`]);
  assert.deepEqual([lab.server.seen.length, lab.location.lacking], [1, undefined]);
});

test('EndpointLocation – metadata without the endpoint – is said once in the log, and asked for again half a second later', async () => {
  await using lab = await startLab();
  assert.match(
    await lab.reason(),
    /^introspection_undiscovered: .*it names no introspection_endpoint.*--introspection-url/,
  );
  const { length } = lab.server.seen;
  await lab.reason();
  assert.equal(lab.server.seen.length, length, 'not asked again at once');
  lab.clock.nowMs += 500;
  await lab.reason();
  assert.ok(lab.server.seen.length > length);
  assert.equal(lab.logged.filter((line) => line.includes('Cannot find out where')).length, 1);
  lab.publish({ introspection_endpoint: `${lab.server.url}/introspect` });
  lab.clock.nowMs += 500;
  assert.equal(await lab.reason(), '');
});

test('EndpointLocation – the metadata has moved, and later is gone – the new place is taken, and kept through the outage', async () => {
  await using lab = await startLab();
  lab.publish({ introspection_endpoint: `${lab.server.url}/before` });
  await lab.location.find();
  lab.publish({ introspection_endpoint: `${lab.server.url}/after` });
  lab.clock.nowMs += 3_600_000;
  assert.equal(await lab.location.find(), `${lab.server.url}/before`, 'no call waits for it');
  while ((await lab.location.find()) !== `${lab.server.url}/after`) await new Promise(setImmediate);
  lab.publish(undefined);
  lab.clock.nowMs += 3_600_000;
  const { length } = lab.server.seen;
  await lab.location.find();
  while (!lab.logged.some((line) => line.includes('Cannot find out where'))) await new Promise(setImmediate);
  assert.ok(lab.server.seen.length > length);
  assert.equal(await lab.location.find(), `${lab.server.url}/after`);
});

const methods: readonly (readonly [string, Record<string, unknown>, unknown, RegExp | undefined])[] = [
  ['named', {}, ['client_secret_basic'], undefined],
  ['unnamed, as there is no list', {}, undefined, undefined],
  ['none of the list', {}, ['private_key_jwt'], /it takes private_key_jwt there, .*by client_secret_basic/],
  ['self-signed', { clientAuthentication: 'tls_client_auth' }, ['self_signed_tls_client_auth'], undefined],
];
for (const [name, client, list, refusal] of methods) {
  test(`EndpointLocation – the client’s method is ${name} – ${refusal === undefined ? 'found' : 'refused with both'}`, async () => {
    await using lab = await startLab(client);
    lab.publish({
      introspection_endpoint: `${lab.server.url}/introspect`,
      introspection_endpoint_auth_methods_supported: list,
    });
    assert.match(await lab.reason(), refusal ?? /^$/);
  });
}

test('EndpointLocation – an endpoint for clients with a certificate – is theirs alone', async () => {
  for (const [clientAuthentication, path] of [
    ['tls_client_auth', '/mtls'],
    ['client_secret_post', '/introspect'],
  ]) {
    await using lab = await startLab({ clientAuthentication });
    lab.publish({
      introspection_endpoint: `${lab.server.url}/introspect`,
      mtls_endpoint_aliases: { introspection_endpoint: `${lab.server.url}/mtls` },
    });
    assert.equal(await lab.location.find(), `${lab.server.url}${path}`);
  }
});

test('EndpointLocation – an endpoint on plain http elsewhere – is refused', async () => {
  await using lab = await startLab();
  lab.publish({ introspection_endpoint: 'http://issuer.example/introspect' });
  assert.match(await lab.reason(), /its introspection_endpoint http:\/\/issuer\.example\/introspect is plain http/);
});
