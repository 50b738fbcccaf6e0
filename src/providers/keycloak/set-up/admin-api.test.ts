import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { freePort } from '../../../../test/kit/free-port.ts';
import { sendJson, startHttpServer, type Respond } from '../../../../test/kit/start-http-server.ts';
import { buildHttpClient } from '../../../lib/http-client.ts';
import { Secret } from '../../../model/secret.ts';
import { UsherError } from '../../../model/usher-error.ts';
import { AdminApi } from './admin-api.ts';

const password = 'password-of-the-administrator';

/** The API of a realm behind a path, at a server that signs the administrator in and answers everything else as told. */
async function startApi(respond: Respond, expiresIn = 60) {
  const server = await startHttpServer((request, response, raw) => {
    if (request.url !== '/auth/realms/master/protocol/openid-connect/token') return respond(request, response, raw);
    sendJson(response, 200, { access_token: 'token-of-the-administrator', expires_in: expiresIn });
  });
  const http = buildHttpClient();
  const admin = { url: `${server.url}/auth`, realm: 'm c', adminRealm: 'master', user: 'admin' };
  return {
    api: new AdminApi({ ...admin, password: new Secret(password) }, http),
    seen: server.seen,
    async [Symbol.asyncDispose]() {
      await http.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const anything = z.unknown();
const read = (api: AdminApi) => api.read('/clients', anything, 'list the clients');

async function refusalOf(act: Promise<unknown>): Promise<UsherError> {
  const error = await act.then(
    () => assert.fail('it was not refused'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof UsherError);
  return error;
}

test("Keycloak's admin API – a request – with the administrator's token, at the realm's path", async () => {
  await using started = await startApi((_, response) => sendJson(response, 200, []));
  await read(started.api);
  const [signIn, request] = started.seen;
  const form = { grant_type: 'password', client_id: 'admin-cli', username: 'admin', password };
  assert.deepEqual(Object.fromEntries(new URLSearchParams(signIn?.body)), form);
  assert.equal(request?.url, '/auth/admin/realms/m%20c/clients');
  assert.equal(request?.headers.authorization, 'Bearer token-of-the-administrator');
});

for (const [expiresIn, signIns] of [
  [60, 1],
  [10, 3],
] as const) {
  test(`Keycloak's admin API – a token that lives ${expiresIn} s – ${signIns} sign-ins for three requests`, async () => {
    await using started = await startApi((_, response) => sendJson(response, 200, []), expiresIn);
    for (const _ of [1, 2, 3]) await read(started.api);
    assert.equal(started.seen.filter(({ url }) => url.endsWith('/token')).length, signIns);
  });
}

test("Keycloak's admin API – something is made – its id is the end of its Location", async () => {
  await using started = await startApi((_, response) => {
    response.writeHead(201, { location: '/auth/admin/realms/m%20c/clients/made-1' }).end();
  });
  const request = { method: 'POST', path: '/clients', body: { clientId: 'a' } } as const;
  assert.deepEqual(await started.api.send(request, 'create it'), { id: 'made-1' });
  assert.equal(started.seen.at(-1)?.body, '{"clientId":"a"}');
});

test("Keycloak's admin API – something is gone – is no refusal", async () => {
  await using started = await startApi((_, response) => sendJson(response, 404, { error: 'Could not find client' }));
  assert.equal(await started.api.send({ method: 'DELETE', path: '/clients/a' }, 'delete it'), 'gone');
  assert.equal(await started.api.find('/clients/a', anything, 'read it'), undefined);
});

test("Keycloak's admin API – a refusal – its own words, without the password", async () => {
  await using started = await startApi((_, response) =>
    sendJson(response, 403, { error: 'unknown_error', errorMessage: `no right for ${password}` }),
  );
  const refusal = await refusalOf(read(started.api));
  assert.equal(refusal.code, 'setup_refused');
  assert.match(refusal.message, /refused to list the clients, 403 unknown_error/);
  assert.match(refusal.hint, /no right for \[secret\]/);
});

test("Keycloak's admin API – a redirect – not followed, so that nobody else hears the password", async () => {
  await using other = await startHttpServer((_, response) => sendJson(response, 200, []));
  await using started = await startApi((_, response) => void response.writeHead(307, { location: other.url }).end());
  const refusal = await refusalOf(read(started.api));
  assert.equal(refusal.code, 'setup_unavailable');
  assert.match(refusal.message, /it redirects, status 307/);
  assert.equal(other.seen.length, 0);
});

test("Keycloak's admin API – a page instead of JSON – says that this is not Keycloak", async () => {
  await using started = await startApi((_, response) => void response.end('<html>'));
  const refusal = await refusalOf(started.api.read('/clients', z.array(anything), 'list the clients'));
  assert.equal(refusal.code, 'setup_unavailable');
  assert.match(refusal.message, /is not what Keycloak answers/);
});

test("Keycloak's admin API – nobody there – says so", async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const http = buildHttpClient();
  const admin = { url, realm: 'mcp', adminRealm: 'master', user: 'admin', password: new Secret(password) };
  const refusal = await refusalOf(read(new AdminApi(admin, http)));
  await http.close();
  assert.equal(refusal.code, 'setup_unavailable');
  assert.match(refusal.message, /does not answer as it should/);
});
