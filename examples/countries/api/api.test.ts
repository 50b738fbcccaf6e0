import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SignJWT } from 'jose';
import { type TestIssuer, startIssuer } from '../test/start-issuer.ts';
import { runProgramToEnd, startProgram, type TestProgram } from '../test/start-program.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

interface Answer {
  readonly status: number;
  readonly challenge: string | null;
  readonly body: {
    readonly data?: Record<string, unknown>;
    readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
  };
}

async function ask(api: TestProgram, query: string, token?: string): Promise<Answer> {
  const response = await fetch(api.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query }),
  });
  return {
    status: response.status,
    challenge: response.headers.get('www-authenticate'),
    body: (await response.json()) as Answer['body'],
  };
}

describe('API without authentication', () => {
  let api: TestProgram;
  before(async () => {
    api = await startProgram([main], { REQUIRE_AUTH: 'false', PORT: '0' });
  });
  after(() => api[Symbol.asyncDispose]());

  test('country – lower-case code – answers every field', async () => {
    const { body } = await ask(
      api,
      '{country(code:"se"){code name native capital currency languages{code name native} continent{code name} emoji phone}}',
    );
    assert.deepEqual(body.data, {
      country: {
        code: 'SE',
        name: 'Sweden',
        native: 'Sverige',
        capital: 'Stockholm',
        currency: ['SEK'],
        languages: [{ code: 'sv', name: 'Swedish', native: 'Svenska' }],
        continent: { code: 'EU', name: 'Europe' },
        emoji: '🇸🇪',
        phone: ['46'],
      },
    });
  });

  test('country – code that is no country but a property of every object – answers null', async () => {
    const { body } = await ask(api, '{country(code:"constructor"){name}}');
    assert.deepEqual(body.data, { country: null });
  });

  test('countries – filter by continent and currency – lists only countries that match both', async () => {
    const { body } = await ask(api, '{countries(filter:{continent:EU,currency:"SEK"}){name}}');
    assert.deepEqual(body.data, { countries: [{ name: 'Sweden' }] });
  });

  test('countries – no filter – lists all with every required field', async () => {
    const { body } = await ask(api, '{countries{code name native continent{code name} languages{name native} phone}}');
    assert.equal(body.errors, undefined);
    assert.ok(Array.isArray(body.data?.['countries']) && body.data['countries'].length > 240);
  });

  test('query – unknown field – is refused with the GraphQL error and no stack', async () => {
    const { status, body } = await ask(api, '{country(code:"SE"){population}}');
    assert.equal(status, 400);
    assert.match(body.errors?.[0]?.message ?? '', /Cannot query field "population"/);
    assert.equal(JSON.stringify(body).includes('stacktrace'), false);
  });

  test('request – body that is no JSON – is refused with 400', async () => {
    const response = await fetch(api.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{',
    });
    assert.equal(response.status, 400);
    assert.match(await response.text(), /its body is not JSON/);
  });

  test('request – body of 1 MB – is refused with 413', async () => {
    const query = `{country(code:"${'A'.repeat(1_000_000)}"){name}}`;
    assert.equal((await ask(api, query)).status, 413);
  });

  test('browser – asks for a page – gets nothing that loads from elsewhere', async () => {
    const response = await fetch(api.url, { headers: { accept: 'text/html' } });
    assert.equal((await response.text()).includes('https://'), false);
  });
});

describe('API with authentication', () => {
  let issuer: TestIssuer;
  let api: TestProgram;
  before(async () => {
    issuer = await startIssuer();
    api = await startProgram([main], {
      OKTA_ISSUER: issuer.issuer,
      OKTA_AUDIENCE: 'backend',
      REQUIRED_SCOPES: 'backend-api:read',
      NODE_EXTRA_CA_CERTS: issuer.caFile,
      PORT: '0',
    });
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    await issuer[Symbol.asyncDispose]();
  });
  const query = '{country(code:"SE"){name}}';

  test('token – good – is answered and its claims are logged without the token', async () => {
    const token = await issuer.sign({ jti: 'AT.good' });
    const { status, body } = await ask(api, query, token);
    assert.equal(status, 200);
    assert.deepEqual(body.data, { country: { name: 'Sweden' } });
    const logged = api.events.filter(({ event }) => event === 'token.validated').map(({ claims }) => claims);
    const claims = logged.find((one) => (one as { jti: string }).jti === 'AT.good') as Record<string, unknown>;
    assert.equal(claims['iss'], issuer.issuer);
    assert.equal(claims['sub'], 'alice@example.com');
    assert.deepEqual(claims['scp'], ['backend-api:read']);
    assert.equal(api.output().includes(token.split('.')[2] ?? token), false);
  });

  test('keys – many tokens of one key – are fetched once', async () => {
    for (let i = 0; i < 5; i += 1) await ask(api, query, await issuer.sign());
    assert.equal(issuer.requests.filter((path) => path.endsWith('/v1/keys')).length, 1);
  });

  test('token – none – gets 401 with a challenge that names the scope and no error', async () => {
    const { status, challenge, body } = await ask(api, query);
    assert.equal(status, 401);
    assert.equal(challenge, 'Bearer realm="countries", scope="backend-api:read"');
    assert.equal(body.errors?.[0]?.extensions.code, 'UNAUTHENTICATED');
  });

  const now = () => Math.floor(Date.now() / 1000);
  const refused: readonly { readonly what: string; readonly token: () => Promise<string>; readonly says: RegExp }[] = [
    { what: 'expired', token: () => issuer.sign({ exp: now() - 60 }), says: /it has expired/ },
    { what: 'without expiry', token: () => issuer.sign({ exp: undefined }), says: /it has no expiry time/ },
    { what: 'not valid yet', token: () => issuer.sign({ nbf: now() + 60 }), says: /it is not valid yet/ },
    { what: 'for another audience', token: () => issuer.sign({ aud: 'mcpserver' }), says: /audience is not 'backend'/ },
    { what: 'of another issuer', token: () => issuer.sign({ iss: 'https://evil.example' }), says: /its issuer is not/ },
    { what: 'of an unknown key', token: () => issuer.sign({}, { kid: 'other' }), says: /publishes no key/ },
    { what: 'without a key name', token: () => issuer.sign({}, { kid: undefined }), says: /names no key/ },
    { what: 'that is no JWT', token: async () => 'abc', says: /not a signed token/ },
    { what: 'of three empty JSON parts', token: async () => 'a.b.c', says: /it is not a JWT/ },
    {
      what: 'without its signature',
      token: async () => (await issuer.sign()).replace(/\.[^.]*$/, ''),
      says: /not a signed token/,
    },
    {
      what: 'with a changed payload',
      token: async () => {
        const [header, payload = '', signature] = (await issuer.sign()).split('.');
        const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
        const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'mallory' })).toString('base64url');
        return `${header}.${changed}.${signature}`;
      },
      says: /its signature does not fit/,
    },
    {
      what: 'signed with HS256',
      token: async () =>
        new SignJWT({ iss: issuer.issuer, aud: 'backend', exp: now() + 60, scp: ['backend-api:read'] })
          .setProtectedHeader({ alg: 'HS256', kid: 'test-key' })
          .sign(new TextEncoder().encode('a secret of thirty-two characters')),
      says: /not signed with RS256/,
    },
    {
      what: 'with alg none',
      token: async () =>
        [{ alg: 'none' }, { iss: issuer.issuer, aud: 'backend', exp: now() + 60, scp: ['backend-api:read'] }]
          .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
          .concat('AA')
          .join('.'),
      says: /not signed with RS256/,
    },
  ];
  for (const { what, token, says } of refused) {
    test(`token – ${what} – gets 401 invalid_token and the API lives on`, async () => {
      const { status, challenge, body } = await ask(api, query, await token());
      assert.equal(status, 401);
      assert.match(challenge ?? '', /error="invalid_token"/);
      assert.match(challenge ?? '', says);
      assert.equal(body.data, undefined);
      assert.equal((await ask(api, query, await issuer.sign())).status, 200);
    });
  }

  test('token – without the scope – gets 403 insufficient_scope', async () => {
    const { status, challenge, body } = await ask(api, query, await issuer.sign({ scp: ['other'] }));
    assert.equal(status, 403);
    assert.match(challenge ?? '', /error="insufficient_scope".*scope="backend-api:read"/);
    assert.equal(body.errors?.[0]?.extensions.code, 'FORBIDDEN');
  });

  test('token – scope only as part of a longer scp string – gets 403', async () => {
    assert.equal((await ask(api, query, await issuer.sign({ scp: 'backend-api:readwrite' }))).status, 403);
  });
});

test('API – issuer whose CA is not trusted – answers 503 and logs what to do', async () => {
  await using issuer = await startIssuer();
  await using api = await startProgram([main], {
    OKTA_ISSUER: issuer.issuer,
    OKTA_AUDIENCE: 'backend',
    REQUIRED_SCOPES: 'backend-api:read',
    PORT: '0',
  });
  const { status, challenge } = await ask(api, '{country(code:"SE"){name}}', await issuer.sign());
  assert.equal(status, 503);
  assert.equal(challenge, null);
  assert.match(api.output(), /NODE_EXTRA_CA_CERTS/);
});

test('API – text log – writes one readable line per validated token, whatever is in it', async () => {
  await using issuer = await startIssuer();
  await using api = await startProgram([main], {
    OKTA_ISSUER: issuer.issuer,
    OKTA_AUDIENCE: 'backend',
    REQUIRED_SCOPES: 'backend-api:read',
    NODE_EXTRA_CA_CERTS: issuer.caFile,
    LOG_FORMAT: 'text',
    PORT: '0',
  });
  await ask(api, '{country(code:"SE"){name}}', await issuer.sign({ sub: 'eve\nvalidated token sub=admin' }));
  const [, line, ...more] = api.output().trimEnd().split('\n');
  assert.deepEqual(more, []);
  assert.ok(
    line?.startsWith(
      `validated token iss=${issuer.issuer} aud=backend scp=[backend-api:read] ` +
        'sub="eve\\nvalidated token sub=admin" cid=gateway claims={',
    ),
    line,
  );
});

test('API – everything in .env, the CA too – accepts a token', async () => {
  await using issuer = await startIssuer();
  const folder = mkdtempSync(join(tmpdir(), 'countries-env-'));
  const lines = [
    `OKTA_ISSUER=${issuer.issuer}`,
    'OKTA_AUDIENCE=backend',
    'REQUIRED_SCOPES=backend-api:read',
    `NODE_EXTRA_CA_CERTS=${issuer.caFile}`,
    'PORT=0',
  ];
  writeFileSync(join(folder, '.env'), lines.join('\n'));
  await using api = await startProgram([main], {}, folder);
  const { status } = await ask(api, '{country(code:"SE"){name}}', await issuer.sign());
  rmSync(folder, { recursive: true });
  assert.equal(status, 200);
});

test('API – SIGTERM – ends at once with code 0', async () => {
  const api = await startProgram([main], { REQUIRE_AUTH: 'false', PORT: '0' });
  const startMs = performance.now();
  assert.equal(await api.stop(), 0);
  assert.ok(performance.now() - startMs < 2000);
});

test('API – port taken – says so and ends with code 1', async () => {
  await using api = await startProgram([main], { REQUIRE_AUTH: 'false', PORT: '0' });
  const { port } = new URL(api.url);
  const { code, stderr } = await runProgramToEnd([main], { REQUIRE_AUTH: 'false', PORT: port });
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`^error: Cannot start the countries API: 127.0.0.1:${port} is taken`));
});

test('settings – several wrong ones – are named all at once in one sentence', async () => {
  const { code, stderr } = await runProgramToEnd([main], { PORT: 'abc', OKTA_ISSUER: 'http://localhost:1/oauth2/x' });
  assert.equal(code, 1);
  assert.equal(
    stderr,
    'error: Cannot start the countries API: PORT is "abc", expected a whole number from 0 to 65535; ' +
      'OKTA_ISSUER is "http://localhost:1/oauth2/x", expected an https URL; ' +
      'OKTA_AUDIENCE is missing, set it to the aud of the tokens meant for this API; ' +
      'REQUIRED_SCOPES is missing, name the scopes a token must have, for example backend-api:read.\n',
  );
});

test('settings – .env in the working directory – is read, and the environment wins', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'countries-env-'));
  writeFileSync(join(folder, '.env'), 'REQUIRE_AUTH=maybe\nPORT=from-file\n');
  const { stderr } = await runProgramToEnd([main], { PORT: 'from-environment' }, folder);
  assert.match(stderr, /PORT is "from-environment".*REQUIRE_AUTH is "maybe"/);
  rmSync(folder, { recursive: true });
});
