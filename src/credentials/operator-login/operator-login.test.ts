import assert from 'node:assert/strict';
import { rm, symlink } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import { collectLog } from '../../../test/kit/collect-log.ts';
import { makeFolder } from '../../../test/kit/config-input.ts';
import { startHttpServer } from '../../../test/kit/start-http-server.ts';
import { holdLock } from '../../lib/hold-lock.ts';
import { buildHttpClient } from '../../lib/http-client.ts';
import { UsherError } from '../../model/usher-error.ts';
import { openSecretStore } from '../../secrets/open-secret-store.ts';
import { keepLogin, type KeptLogin, loginName } from './kept-login.ts';
import { OperatorLogin, type OperatorLoginDeps } from './operator-login.ts';
import { operatorLoginSchema } from './schema.ts';

/** A login that is kept in a store of its own, of a provider that answers nothing useful. */
async function makeLogin(
  context: TestContext,
  issuer: string,
  { kept, more = {} }: { readonly kept: Partial<KeptLogin>; readonly more?: Partial<OperatorLoginDeps> },
) {
  const secrets = openSecretStore({ HOME: makeFolder(context), USHER_SECRETS_KEY: 'file' });
  const clientId = 'operator-client';
  const endpoints = { authorizeUrl: `${issuer}/authorize`, tokenUrl: `${issuer}/token` };
  const asked = { scopes: [], resource: undefined, parameters: {}, scopeParameter: 'scope' };
  const name = loginName({ issuer, clientId, ...asked, endpoints });
  await keepLogin(secrets, name, { version: 1, issuer, clientId, accessToken: 'a', ...kept });
  const settings = operatorLoginSchema.parse({ issuer, clientId, ...endpoints });
  const http = buildHttpClient({});
  context.after(() => http.close());
  const aid = { hasBrowser: false, open: () => Promise.resolve(false), tell: () => {} };
  const { log } = collectLog();
  const deps = { http, now: Date.now, log, name: 'apollo', secrets, aid, target: issuer, ...more };
  return { login: new OperatorLogin(settings, deps), secrets, name };
}

test('a refresh – another process does not come to an end with its own – is not made beside it', async (context) => {
  await using server = await startHttpServer((_, response) => void response.writeHead(500).end());
  const kept = { refreshToken: 'r', expiresAtMs: 1 };
  const made = await makeLogin(context, server.url, { kept, more: { lockMs: 50 } });
  await using login = made.login;
  await using _ = await holdLock(`${made.secrets.path}.${made.name.replace('/', '-')}.lock`, { timeoutMs: 0 });
  await assert.rejects(login.obtain(), (error) => {
    assert.ok(error instanceof UsherError && error.code === 'exchange_unavailable');
    assert.match(String(error.details['reason']), /another Usher has been refreshing this login/);
    return true;
  });
  assert.deepEqual(server.seen, []);
});

test('a login whose store cannot be looked at any more – is not lent, and the refusal says what is wrong with the store', async (context) => {
  const kept = { expiresAtMs: Date.now() + 3_600_000 };
  const made = await makeLogin(context, 'http://127.0.0.1:9', { kept });
  await using login = made.login;
  assert.ok(await login.obtain());
  assert.ok(login.find());
  await rm(made.secrets.path);
  // A link that leads to itself: unlike a file nobody may read, root cannot read it either.
  await symlink(made.secrets.path, made.secrets.path);
  assert.equal(login.find(), undefined);
  await assert.rejects(login.obtain(), (error) => {
    assert.ok(error instanceof UsherError && error.code === 'exchange_unavailable', String(error));
    assert.match(String(error.details['reason']), /secret/);
    assert.doesNotMatch(String(error.details['reason']), /its answer/);
    return true;
  });
});
