import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildMemorySecrets } from '../../src/gateway/memory-secrets.ts';
import { UsherError } from '../../src/model/usher-error.ts';
import { post } from '../kit/call.ts';
import { rawPost, readRawAnswer, sendRaw } from '../kit/send-raw.ts';
import { type LoginLab, type LoginLabOptions, startLoginIssuer, startLoginLab } from '../kit/start-login-lab.ts';

const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"GetCountry"}}';

/** Nobody heard of it: no exchange was made, the server behind saw nothing. */
function assertUnheard({ issuer, behind }: LoginLab): void {
  assert.equal(behind.seen.length, 0);
  assert.deepEqual(issuer.grants(), ['authorization_code']);
}

describe('who wants to act as the operator', () => {
  test('a program without the token – is refused, and sent nowhere to sign in', async () => {
    await using lab = await startLoginLab();
    const answer = await post(lab.gateway.mcpUrl, undefined, body);
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
    assertUnheard(lab);
  });
  const others: readonly (readonly [string, (lab: LoginLab) => string | Promise<string>])[] = [
    ['a guess', () => 'x'.repeat(43)],
    ['the token with something behind it', (lab) => `${lab.callerToken}x`],
    ['the operator’s own token', (lab) => lab.issuer.tokens.sign()],
  ];
  for (const [name, present] of others) {
    test(`${name} – is refused with local_token_refused`, async () => {
      await using lab = await startLoginLab();
      const answer = await post(lab.gateway.mcpUrl, await present(lab), body);
      assert.equal(answer.status, 401);
      assert.match(await answer.text(), /local_token_refused/);
      assertUnheard(lab);
    });
  }
  test('a web page, with the token even – is refused by its origin', async () => {
    await using lab = await startLoginLab();
    const answer = await post(lab.gateway.mcpUrl, lab.callerToken, body, { origin: 'https://evil.example' });
    assert.equal(answer.status, 403);
    assertUnheard(lab);
  });
  test('a web page whose name was made to lead here – is refused by its host', async () => {
    await using lab = await startLoginLab();
    const lines = ['connection: close', `authorization: Bearer ${lab.callerToken}`];
    const request = rawPost(lines, body).replace('host: localhost', 'host: rebound.example');
    assert.equal(readRawAnswer(await sendRaw(lab.gateway.port, request)).status, 403);
    assertUnheard(lab);
  });
  test('the operator’s tokens – are in no answer, no log line and no record', async () => {
    await using issuer = await startLoginIssuer();
    issuer.lifeSeconds = 300;
    await using lab = await startLoginLab({ issuer });
    const kept: string[] = [];
    issuer.bendTokens = (tokens) => void kept.push(String(tokens['access_token']), String(tokens['refresh_token']));
    lab.aheadMs = 300_000;
    const answer = await post(lab.gateway.mcpUrl, lab.callerToken, body);
    assert.equal(answer.status, 200);
    const sent = lab.behind.seen[0]?.headers.authorization ?? '';
    const everything = [
      await answer.text(),
      JSON.stringify([...answer.headers]),
      ...lab.gateway.logged,
      ...lab.told,
      JSON.stringify(await lab.gateway.records()),
    ].join('\n');
    assert.equal(kept.length, 2);
    for (const secret of [...kept, lab.callerToken, sent.slice('Bearer '.length)])
      assert.ok(!everything.includes(secret));
    assert.ok(!kept.includes(sent.slice('Bearer '.length)), 'the API gets its own');
  });
});

describe('a login that is kept – for another server', () => {
  const otherwise: readonly (readonly [string, NonNullable<LoginLabOptions['remoteAuth']>])[] = [
    [
      'with another audience among the parameters, as Auth0 has it',
      { parameters: { audience: 'https://other.example/' } },
    ],
    ['with no such parameter', { parameters: {} }],
    ['with scopes by another name', { parameters: { audience: 'https://api.example/' }, scopeParameter: 'user_scope' }],
  ];
  for (const [name, remoteAuth] of otherwise) {
    test(`${name} – is not used: its token is for the first alone`, async () => {
      await using issuer = await startLoginIssuer();
      const secrets = buildMemorySecrets();
      const parameters = { audience: 'https://api.example/' };
      await using first = await startLoginLab({ issuer, secrets, remoteAuth: { parameters } });
      await using same = await startLoginLab({ issuer, secrets, remoteAuth: { parameters } });
      await using other = await startLoginLab({ issuer, secrets, remoteAuth });
      assert.deepEqual(
        [first, same, other].map(({ opened }) => opened.length),
        [1, 0, 1],
      );
    });
  }
  test('of another tenant, where the endpoints are given and no issuer – is not used', async () => {
    await using issuer = await startLoginIssuer();
    const secrets = buildMemorySecrets();
    const endpoints = { issuer: undefined, authorizeUrl: issuer.authorizeUrl, tokenUrl: issuer.tokens.tokenUrl };
    const tenant = (name: string) => ({ ...endpoints, authorizeUrl: `${endpoints.authorizeUrl}?tenant=${name}` });
    issuer.bendAnswer = (answer) => answer.delete('iss');
    await using first = await startLoginLab({ issuer, secrets, remoteAuth: tenant('a') });
    await using other = await startLoginLab({ issuer, secrets, remoteAuth: tenant('b') });
    assert.deepEqual(
      [first, other].map(({ opened }) => opened.length),
      [1, 1],
    );
  });
});

/** What the person’s browser was sent to, taken apart. */
function readRequest(url: string) {
  const { searchParams } = new URL(url);
  const redirectUri = searchParams.get('redirect_uri') ?? '';
  const back = (more: Record<string, string>) => `${redirectUri}?${new URLSearchParams(more).toString()}`;
  return { state: searchParams.get('state') ?? '', back, searchParams };
}

describe('who meddles with the sign-in', () => {
  test('the request – has PKCE with S256, state, and no secret', async () => {
    await using lab = await startLoginLab({ remoteAuth: { resource: 'https://mcp.example/' } });
    const { searchParams } = readRequest(lab.opened[0] ?? '');
    assert.equal(searchParams.get('code_challenge_method'), 'S256');
    assert.match(searchParams.get('code_challenge') ?? '', /^[\w-]{43}$/);
    assert.match(searchParams.get('state') ?? '', /^[\w-]{43}$/);
    assert.equal(searchParams.get('resource'), 'https://mcp.example/');
  });
  test('other pages that call back – without the state, with another, under another name – neither end it nor disturb it', async () => {
    const statuses: number[] = [];
    await using lab = await startLoginLab({
      visit: async (url) => {
        const { back } = readRequest(url);
        statuses.push((await fetch(back({ error: 'access_denied' }))).status);
        statuses.push((await fetch(back({ code: 'theirs', state: 'x'.repeat(43) }))).status);
        const { port, pathname } = new URL(back({}));
        const request = `GET ${pathname}?code=a HTTP/1.1\r\nhost: rebound.example\r\nconnection: close\r\n\r\n`;
        statuses.push(readRawAnswer(await sendRaw(Number(port), request)).status);
        statuses.push((await fetch(back({}), { method: 'POST' })).status);
        statuses.push((await fetch(url)).status);
      },
    });
    assert.equal((await post(lab.gateway.mcpUrl, lab.callerToken, body)).status, 200);
    assert.deepEqual(statuses, [400, 400, 404, 404, 200]);
  });
  const answers: readonly (readonly [string, (answer: URLSearchParams) => void, RegExp])[] = [
    ['names another issuer (RFC 9207)', (answer) => answer.set('iss', 'https://evil.example'), /unexpected "iss"/],
    ['names no issuer, where the server says it does', (answer) => answer.delete('iss'), /iss/],
    ['has the state twice', (answer) => answer.append('state', 'other'), /state/],
  ];
  for (const [name, bend, wanted] of answers) {
    test(`an answer that ${name} – is refused, and the code is not redeemed`, async () => {
      await using issuer = await startLoginIssuer();
      issuer.bendAnswer = bend;
      await assert.rejects(startLoginLab({ issuer }), (error) => {
        assert.ok(error instanceof UsherError && error.code === 'login_failed');
        assert.match(error.message, wanted);
        return true;
      });
      assert.deepEqual(issuer.grants(), []);
    });
  }
  const metadata: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
    ['another issuer', { issuer: 'https://evil.example' }, /no metadata of/],
    ['plain PKCE only', { code_challenge_methods_supported: ['plain'] }, /PKCE/],
    ['no endpoints', { authorization_endpoint: undefined }, /no endpoints/],
  ];
  for (const [name, bent, wanted] of metadata) {
    test(`metadata with ${name} – nobody is sent anywhere`, async () => {
      await using issuer = await startLoginIssuer();
      issuer.metadata = bent;
      await assert.rejects(
        startLoginLab({ issuer }),
        (error) => error instanceof UsherError && wanted.test(error.message),
      );
      assert.deepEqual(issuer.grants(), []);
    });
  }
  test('an ID token for another sign-in (nonce) – is refused', async () => {
    await using issuer = await startLoginIssuer();
    issuer.bendTokens = async (tokens) => {
      tokens['id_token'] = await issuer.tokens.sign({ aud: 'operator-client', nonce: 'of-another-sign-in' });
    };
    await assert.rejects(startLoginLab({ issuer, remoteAuth: { scopes: ['openid'] } }), (error) => {
      assert.ok(error instanceof UsherError && error.code === 'login_failed');
      return /nonce/.test(error.message);
    });
  });
  test('a token that is not a bearer token – is not used as one', async () => {
    await using issuer = await startLoginIssuer();
    issuer.bendTokens = (tokens) => void (tokens['token_type'] = 'mac');
    await assert.rejects(startLoginLab({ issuer }), { code: 'login_failed' });
  });
});

describe('a server behind that says where to sign in', () => {
  const unguarded = { issuer: undefined, scopes: [] };
  test('a metadata document about another server – is not believed', async () => {
    await using issuer = await startLoginIssuer();
    await assert.rejects(
      startLoginLab({
        issuer,
        remoteAuth: unguarded,
        server: { credential: { strategy: 'none' } },
        respond: ({ url }, response) => {
          if (url === '/mcp') return void response.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
          const text = JSON.stringify({ resource: 'https://other.example/', authorization_servers: [issuer.issuer] });
          response.writeHead(200, { 'content-type': 'application/json' }).end(text);
        },
      }),
      (error) => error instanceof UsherError && /it is about https:\/\/other\.example/.test(error.message),
    );
  });
});
