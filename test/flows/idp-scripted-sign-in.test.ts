import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { RunningIdp } from '../../src/idp/running-idp.ts';
import { startIdp } from '../../src/idp/start-idp.ts';
import { UsherError } from '../../src/model/usher-error.ts';
import { signIn } from '../kit/scripted-browser.ts';

const redirectUri = 'http://127.0.0.1:9/callback';
const alice = { username: 'alice@example.com', password: 'alice' };

const server = (id: string, scheme: string) => `
  - id: ${id}
    name: ${id}
    scheme: ${scheme}
    audience: ${id}
    policies:
      - { name: All, clients: ALL_CLIENTS, rules: [{ name: All, grantTypes: [authorization_code], scopes: '*' }] }`;
const seed = `
org: Countries
servers:${server('plain', 'http')}${server('secure', 'https')}
apps:
  - clientId: app
    label: App
    type: native
    consent: required
    grantTypes: [authorization_code]
    redirectUris: ['${redirectUri}']
users:
  - { login: alice@example.com, password: alice, name: Alice }
`;

describe('sign-in by a scripted browser', { timeout: 60_000 }, () => {
  let folder: string;
  let idp: RunningIdp;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'usher-scripted-'));
    const seedFile = join(folder, 'seed.yaml');
    await writeFile(seedFile, seed);
    idp = await startIdp({ httpPort: 0, httpsPort: 0, stateDir: folder, seedFile });
  });

  after(async () => {
    await idp?.close();
    await rm(folder, { recursive: true });
  });

  function findServer(id: string): RunningIdp['servers'][number] {
    const found = idp.servers.find((one) => one.id === id);
    assert.ok(found !== undefined);
    return found;
  }

  function authorizeUrl(serverId: string): URL {
    const url = new URL(findServer(serverId).authorizeUrl);
    url.search = new URLSearchParams({
      client_id: 'app',
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: 'openid',
      state: 'state-1',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    }).toString();
    return url;
  }

  function isRefusal(reason: RegExp): (error: unknown) => boolean {
    return (error) => error instanceof UsherError && reason.test(error.message);
  }

  test('signIn – provider on http – returns the callback with code, iss and state', async () => {
    const callback = await signIn(authorizeUrl('plain'), alice);
    assert.equal(callback.origin + callback.pathname, redirectUri);
    assert.match(callback.searchParams.get('code') ?? '', /^\S{8,}$/);
    assert.equal(callback.searchParams.get('iss'), findServer('plain').issuer);
    assert.equal(callback.searchParams.get('state'), 'state-1');
  });

  test('signIn – provider on https and its CA – returns the callback of that issuer', async () => {
    const callback = await signIn(authorizeUrl('secure'), { ...alice, ca: await readFile(idp.caFile, 'utf8') });
    assert.equal(callback.searchParams.get('iss'), findServer('secure').issuer);
  });

  test('signIn – provider on https without its CA – refuses', async () => {
    await assert.rejects(signIn(authorizeUrl('secure'), alice), isRefusal(/no answer from https.*certificate/));
  });

  test('signIn – wrong password – refuses with what the page says', async () => {
    await assert.rejects(
      signIn(authorizeUrl('plain'), { ...alice, password: 'wrong' }),
      isRefusal(/shows the sign-in page again: .*password is wrong/),
    );
  });

  test('signIn – deny – returns the callback with access_denied', async () => {
    const callback = await signIn(authorizeUrl('plain'), { ...alice, decision: 'deny' });
    assert.equal(callback.searchParams.get('error'), 'access_denied');
    assert.equal(callback.searchParams.get('code'), null);
  });

  test('signIn – app the provider does not know – refuses with the error page', async () => {
    const url = authorizeUrl('plain');
    url.searchParams.set('client_id', 'nobody');
    await assert.rejects(signIn(url, alice), isRefusal(/answered 4\d\d: \S/));
  });
});
