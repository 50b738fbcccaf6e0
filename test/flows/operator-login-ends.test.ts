import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openSecretStore } from '../../src/secrets/open-secret-store.ts';
import { UsherError } from '../../src/model/usher-error.ts';
import { post } from '../kit/call.ts';
import { makeFolder } from '../kit/config-input.ts';
import { findSignInUrl } from '../kit/sign-in-at.ts';
import { sendJson } from '../kit/start-http-server.ts';
import { startLoginIssuer, startLoginLab } from '../kit/start-login-lab.ts';
import { until } from '../kit/until.ts';

const lifeSeconds = 300;

describe('when the token ends', () => {
  test('twenty calls at once – one refresh, the spent refresh token replaced by the new one', async () => {
    await using issuer = await startLoginIssuer(lifeSeconds);
    await using lab = await startLoginLab({ issuer });
    lab.aheadMs = lifeSeconds * 1000;
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(lab.gateway.mcpUrl, lab.callerToken)));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    assert.equal(issuer.grants().filter((grant) => grant === 'refresh_token').length, 1);
    lab.aheadMs *= 2;
    assert.equal((await post(lab.gateway.mcpUrl, lab.callerToken)).status, 200, 'with the second refresh token');
    assert.equal(lab.opened.length, 1, 'the person was asked once');
  });

  test('two gateways with one login – the second takes what the first refreshed', async (context) => {
    await using issuer = await startLoginIssuer(lifeSeconds);
    const secrets = openSecretStore({ HOME: makeFolder(context), USHER_SECRETS_KEY: 'file' });
    await using one = await startLoginLab({ issuer, secrets });
    await using other = await startLoginLab({ issuer, secrets });
    assert.deepEqual(other.opened, []);
    [one.aheadMs, other.aheadMs] = [lifeSeconds * 1000, lifeSeconds * 1000];
    const calls = [one, other, one, other].map((lab) => post(lab.gateway.mcpUrl, lab.callerToken));
    for (const answer of await Promise.all(calls)) assert.equal(answer.status, 200);
    assert.equal(issuer.grants().filter((grant) => grant === 'refresh_token').length, 1);
  });

  test('the provider cannot be reached – 503, the login is kept, and used when it is back', async () => {
    await using issuer = await startLoginIssuer(lifeSeconds);
    await using lab = await startLoginLab({ issuer });
    lab.aheadMs = lifeSeconds * 1000;
    issuer.bendTokens = (tokens) => void Object.assign(tokens, { error: 'temporarily_unavailable' });
    const usual = new Set(issuer.refreshTokens);
    const refused = await post(lab.gateway.mcpUrl, lab.callerToken);
    assert.equal(refused.status, 503);
    assert.match(await refused.text(), /exchange_unavailable/);
    assert.equal(refused.headers.has('retry-after'), true);
    issuer.bendTokens = () => {};
    for (const token of usual) issuer.refreshTokens.add(token);
    lab.aheadMs += 10_000;
    assert.equal((await post(lab.gateway.mcpUrl, lab.callerToken)).status, 200);
    assert.equal(lab.opened.length, 1);
  });

  test('the login was withdrawn – 503 operator_login_needed, no browser out of nowhere, and calls go on once they signed in', async () => {
    await using issuer = await startLoginIssuer(lifeSeconds);
    await using lab = await startLoginLab({ issuer });
    issuer.refreshTokens.clear();
    lab.aheadMs = lifeSeconds * 1000;
    const refused = await post(lab.gateway.mcpUrl, lab.callerToken);
    assert.equal(refused.status, 503);
    assert.match(await refused.text(), /operator_login_needed/);
    await until(() => lab.told.length > 1);
    assert.equal(lab.opened.length, 1, 'only the browser of the start');
    assert.equal((await post(lab.gateway.mcpUrl, lab.callerToken)).status, 503);
    assert.equal(lab.told.length, 2, 'asked once');
    assert.equal((await fetch(findSignInUrl(lab.told[1] ?? ''))).status, 200);
    await until(async () => (await post(lab.gateway.mcpUrl, lab.callerToken)).status === 200);
  });

  for (const [who, sub, status] of [
    ['the same person', 'alice@example.com', 200],
    ['somebody else', 'mallory@example.com', 503],
  ] as const) {
    test(`a refresh whose ID token names ${who} – ${status}`, async () => {
      await using issuer = await startLoginIssuer(lifeSeconds);
      let nonce = '';
      issuer.bendTokens = async (tokens, form) => {
        const isRefresh = form.get('grant_type') === 'refresh_token';
        const claims = { aud: 'operator-client', sub: isRefresh ? sub : 'alice@example.com', nonce };
        tokens['id_token'] = await issuer.tokens.sign(claims);
      };
      const visit = (url: string) => {
        nonce = new URL(url).searchParams.get('nonce') ?? '';
        return fetch(url);
      };
      const remoteAuth = { scopes: ['openid', 'mcp:tools:call'] };
      await using lab = await startLoginLab({ issuer, visit, remoteAuth });
      lab.aheadMs = lifeSeconds * 1000;
      const answer = await post(lab.gateway.mcpUrl, lab.callerToken);
      assert.equal(answer.status, status);
      if (status === 200) return;
      assert.match(await answer.text(), /operator_login_needed/);
      assert.equal(lab.behind.seen.length, 0);
      await until(() => lab.told.length > 1);
    });
  }

  test('the server behind refuses the token itself – refreshed and tried once more', async () => {
    let calls = 0;
    await using lab = await startLoginLab({
      server: { credential: { strategy: 'none' } },
      respond: (_, response) => {
        calls += 1;
        if (calls === 1) response.writeHead(401).end();
        else sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: {} });
      },
    });
    assert.equal((await post(lab.gateway.mcpUrl, lab.callerToken)).status, 200);
    assert.deepEqual(lab.issuer.grants(), ['authorization_code', 'refresh_token']);
    const [first, second] = lab.behind.seen.map(({ headers }) => headers.authorization);
    assert.notEqual(first, second);
  });

  test('the server behind refuses every token – refreshed once a second, however many calls there are', async () => {
    await using lab = await startLoginLab({
      server: { credential: { strategy: 'none' } },
      respond: (_, response) => void response.writeHead(401).end(),
    });
    const refreshes = () => lab.issuer.grants().filter((grant) => grant === 'refresh_token').length;
    const startedAtMs = performance.now();
    for (let call = 0; call < 10; call += 1)
      assert.equal((await post(lab.gateway.mcpUrl, lab.callerToken)).status, 502);
    assert.ok(refreshes() <= 1 + Math.floor((performance.now() - startedAtMs) / 1_000), `${refreshes()} refreshes`);
    const before = refreshes();
    lab.aheadMs = 1_500;
    assert.equal((await post(lab.gateway.mcpUrl, lab.callerToken)).status, 502);
    assert.equal(refreshes(), before + 1);
  });

  test('the provider refuses the operator’s token in the exchange – the operator is needed, not the caller', async () => {
    await using lab = await startLoginLab();
    lab.issuer.tokens.onToken = (_, response) => sendJson(response, 400, { error: 'invalid_grant' });
    const answer = await post(lab.gateway.mcpUrl, lab.callerToken);
    assert.equal(answer.status, 503);
    assert.match(await answer.text(), /operator_login_needed/);
  });
});

describe('a start where nobody signs in', () => {
  const rows: readonly (readonly [string, Parameters<typeof startLoginLab>[0], RegExp])[] = [
    ['nobody comes back', { remoteAuth: { timeoutSeconds: 0.2 }, visit: async () => {} }, /nobody came back .*0\.2 s/],
    ['the person says no', { visit: deny }, /the provider answered access_denied: The user said no/],
  ];
  for (const [name, options, wanted] of rows) {
    test(`${name} – login_failed in one sentence, nothing listens, nothing is kept`, async (context) => {
      const secrets = openSecretStore({ HOME: makeFolder(context), USHER_SECRETS_KEY: 'file' });
      await assert.rejects(startLoginLab({ ...options, secrets }), (error) => {
        assert.ok(error instanceof UsherError && error.code === 'login_failed');
        assert.match(error.message, wanted);
        return true;
      });
      assert.deepEqual(
        secrets.list().filter(({ name: kept }) => kept.startsWith('login/')),
        [],
      );
    });
  }
  test('the port for the browser is taken – says which and what to do', async () => {
    await using first = await startLoginIssuer();
    const port = Number(new URL(first.issuer).port);
    await assert.rejects(startLoginLab({ issuer: first, remoteAuth: { callbackPort: port } }), (error) => {
      assert.ok(error instanceof UsherError && error.code === 'login_failed');
      assert.match(error.message, new RegExp(`port ${port} .*in use`));
      assert.match(error.hint, /--remote-auth-callback-port/);
      return true;
    });
  });
});

/** Presses “no”: what the provider sends the browser back with then. */
async function deny(url: string): Promise<void> {
  const { searchParams } = new URL(url);
  const answer = new URLSearchParams({
    error: 'access_denied',
    error_description: 'The user said no',
    state: searchParams.get('state') ?? '',
    iss: url.slice(0, url.indexOf('/v1/authorize')),
  });
  const page = await fetch(`${searchParams.get('redirect_uri') ?? ''}?${answer.toString()}`);
  assert.equal(page.status, 400);
  assert.match(await page.text(), /<h1>You are not signed in<\/h1>[\s\S]*access_denied/);
}

describe('a client that registers itself', () => {
  /** A provider that registers clients with this answer. */
  async function startRegistering(status: number, body: Record<string, unknown>) {
    const issuer = await startLoginIssuer();
    issuer.metadata = { registration_endpoint: `${issuer.issuer}/register` };
    const usual = issuer.tokens.onOther;
    issuer.tokens.onOther = (request, response) => {
      if (!request.url.endsWith('/register')) return usual(request, response);
      sendJson(response, status, body);
      return true;
    };
    return issuer;
  }

  test('the provider answers 200, as Auth0 documents it, where RFC 7591 has 201 – signed in as that client', async () => {
    await using issuer = await startRegistering(200, { client_id: 'tpc_1', client_secret_expires_at: 0 });
    await using lab = await startLoginLab({ issuer, remoteAuth: { clientId: undefined } });
    assert.equal(new URL(lab.opened[0] ?? '').searchParams.get('client_id'), 'tpc_1');
  });

  for (const [form, body, words] of [
    [
      'in Auth0’s form',
      { statusCode: 400, error: 'Bad Request', message: 'dynamic client registration is disabled' },
      /registering a client failed: the provider answered 400 Bad Request: dynamic client registration is disabled/,
    ],
    [
      'in that of RFC 7591',
      { error: 'invalid_redirect_uri', error_description: 'Not there' },
      /registering a client failed: the provider answered invalid_redirect_uri: Not there/,
    ],
  ] as const) {
    test(`the provider refuses, ${form} – in its words, and says what to do`, async () => {
      await using issuer = await startRegistering(400, body);
      await assert.rejects(startLoginLab({ issuer, remoteAuth: { clientId: undefined } }), (error) => {
        assert.ok(error instanceof UsherError && error.code === 'login_failed');
        assert.match(error.message, words);
        assert.match(error.hint, /--remote-auth-client-id/);
        return true;
      });
    });
  }
});

describe('an MCP server that is protected itself', () => {
  test('no issuer given – found by its 401, client registered, token for it sent on as it is', async () => {
    await using issuer = await startLoginIssuer();
    const registered: string[] = [];
    issuer.metadata = { registration_endpoint: `${issuer.issuer}/register` };
    const usual = issuer.tokens.onOther;
    issuer.tokens.onOther = (request, response) => {
      if (!request.url.endsWith('/register')) return usual(request, response);
      registered.push(request.body);
      sendJson(response, 201, { client_id: 'registered-1', redirect_uris: JSON.parse(request.body).redirect_uris });
      return true;
    };
    let origin = '';
    await using lab = await startLoginLab({
      issuer,
      remoteAuth: { issuer: undefined, clientId: undefined, scopes: [] },
      server: { credential: { strategy: 'none' } },
      respond: ({ url, headers }, response) => {
        origin = `http://${headers.host}`;
        if (url === '/.well-known/oauth-protected-resource/mcp') {
          const document = {
            resource: `${origin}/mcp`,
            authorization_servers: [issuer.issuer],
            scopes_supported: ['tools'],
          };
          return sendJson(response, 200, document);
        }
        if (headers.authorization !== undefined) return sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: {} });
        const challenge = `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`;
        return void response.writeHead(401, { 'www-authenticate': challenge }).end();
      },
    });
    assert.equal((await post(lab.gateway.mcpUrl, lab.callerToken)).status, 200);
    const asked = new URL(lab.opened[0] ?? '').searchParams;
    assert.deepEqual(
      [asked.get('client_id'), asked.get('resource'), asked.get('scope')],
      ['registered-1', `${origin}/mcp`, 'tools'],
    );
    assert.equal(registered.length, 1);
    assert.deepEqual(issuer.grants(), ['authorization_code'], 'no exchange');
    const sent = new URLSearchParams(
      issuer.tokens.server.seen.find(({ body }) => body.includes('grant_type=authorization_code'))?.body,
    );
    assert.equal(sent.get('resource'), `${origin}/mcp`, 'in the token request as well (RFC 8707 §2.2)');
  });
});
