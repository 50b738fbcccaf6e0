import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectLog } from '../../../test/kit/collect-log.ts';
import { makeFolder } from '../../../test/kit/config-input.ts';
import { startHttpServer } from '../../../test/kit/start-http-server.ts';
import { holdLock } from '../../lib/hold-lock.ts';
import { buildHttpClient } from '../../lib/http-client.ts';
import { UsherError } from '../../model/usher-error.ts';
import { openSecretStore } from '../../secrets/open-secret-store.ts';
import { keepLogin, loginName } from './kept-login.ts';
import { OperatorLogin } from './operator-login.ts';
import { operatorLoginSchema } from './schema.ts';

test('a refresh – another process does not come to an end with its own – is not made beside it', async (context) => {
  await using server = await startHttpServer((_, response) => void response.writeHead(500).end());
  const secrets = openSecretStore({ HOME: makeFolder(context), USHER_SECRETS_KEY: 'file' });
  const [issuer, clientId] = [server.url, 'operator-client'];
  const endpoints = { authorizeUrl: `${server.url}/authorize`, tokenUrl: `${server.url}/token` };
  const asked = { scopes: [], resource: undefined, parameters: {}, scopeParameter: 'scope' };
  const name = loginName({ issuer, clientId, ...asked, endpoints });
  await keepLogin(secrets, name, { version: 1, issuer, clientId, accessToken: 'a', refreshToken: 'r', expiresAtMs: 1 });
  const settings = operatorLoginSchema.parse({
    issuer,
    clientId,
    ...endpoints,
  });
  const http = buildHttpClient({});
  context.after(() => http.close());
  const aid = { hasBrowser: false, open: () => Promise.resolve(false), tell: () => {} };
  const { log } = collectLog();
  const deps = { http, now: Date.now, log, name: 'apollo', secrets, aid, target: server.url, lockMs: 50 };
  await using login = new OperatorLogin(settings, deps);
  await using _ = await holdLock(`${secrets.path}.${name.replace('/', '-')}.lock`, { timeoutMs: 0 });
  await assert.rejects(login.obtain(), (error) => {
    assert.ok(error instanceof UsherError && error.code === 'exchange_unavailable');
    assert.match(String(error.details['reason']), /another Usher has been refreshing this login/);
    return true;
  });
  assert.deepEqual(server.seen, []);
});
