import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { runUsher, type UsherOptions } from '../kit/run-usher.ts';

const nowSeconds = Math.floor(Date.now() / 1000);

function unsigned(header: object, claims: object, signature = ''): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(claims)}.${signature}`;
}

const claims = {
  iss: 'https://i.example.com',
  aud: 'mcpserver',
  sub: 'alice@example.com',
  scp: ['a', 'b'],
  cid: '0oa1',
  iat: nowSeconds,
  exp: nowSeconds + 720,
};

function inspect(context: TestContext, stdin: string, args: string[] = [], options: UsherOptions = {}) {
  return runUsher(context, ['token', 'inspect', ...args], { stdin, ...options });
}

test('token inspect – a token on stdin – shows claims with readable times, and no signature', async (context) => {
  const token = unsigned({ alg: 'RS256', kid: 'k1' }, claims, 'c2lnbmF0dXJl');
  const { code, stdout, stderr } = await inspect(context, `Bearer ${token}\n`);
  assert.equal(code, 0);
  assert.match(stdout, /^issuer +https:\/\/i\.example\.com$/m);
  assert.match(stdout, /^audience +mcpserver$/m);
  assert.match(stdout, /^scopes +a, b$/m);
  assert.match(stdout, /^expires +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \(expires in 12 min\)$/m);
  assert.match(stdout, /Not verified/);
  assert.doesNotMatch(stdout, /c2lnbmF0dXJl/);
  assert.equal(stderr, '');
});

test('token inspect – a claim 15 000 lists deep – is shown as far as it can be', async (context) => {
  const deep = `{"iss":"https://i.example.com","x":${'['.repeat(15_000)}${']'.repeat(15_000)}}`;
  const [header = '', , signature = ''] = unsigned({ alg: 'RS256' }, {}, 'eA').split('.');
  const { code, stdout } = await inspect(context, `${header}.${Buffer.from(deep).toString('base64url')}.${signature}`);
  assert.equal(code, 0);
  assert.match(stdout, /^issuer +https:\/\/i\.example\.com$/m);
  assert.match(stdout, /^x +\(too deep to show\)$/m);
});

test('token inspect – a token in USHER_TOKEN – needs no argument', async (context) => {
  const env = { USHER_TOKEN: unsigned({ alg: 'RS256' }, claims, 'eA') };
  const { stdout } = await inspect(context, '', [], { env });
  assert.match(stdout, /^subject +alice@example\.com$/m);
});

test('token inspect – a token as argument – is taken with a warning', async (context) => {
  const { code, stderr } = await inspect(context, '', [unsigned({ alg: 'RS256' }, claims, 'eA')]);
  assert.equal(code, 0);
  assert.match(stderr, /list of processes/);
});

for (const [name, header, changed, pattern] of [
  ['unsigned', { alg: 'none' }, {}, /unsigned \(alg none\)/],
  ['unsigned in capitals', { alg: 'NONE' }, {}, /unsigned/],
  ['with a shared secret', { alg: 'HS256' }, {}, /shared secret/],
  ['expired', { alg: 'RS256' }, { exp: nowSeconds - 60 }, /It has expired/],
  ['without end', { alg: 'RS256' }, { exp: undefined }, /never expires/],
  ['not valid yet', { alg: 'RS256' }, { nbf: nowSeconds + 600 }, /not valid yet/],
] as const) {
  test(`token inspect – a token ${name} – is shown with a warning`, async (context) => {
    const { code, stderr } = await inspect(context, unsigned(header, { ...claims, ...changed }, 'eA'));
    assert.equal(code, 0);
    assert.match(stderr, pattern);
  });
}

for (const [name, text, pattern] of [
  ['opaque', 'abcdef', /no dots/],
  ['truncated', unsigned({ alg: 'RS256' }, claims).split('.').slice(0, 2).join('.').slice(0, -9), /parts|not JSON/],
  ['of parts that are no JSON', 'eHg.eHg.eHg', /not JSON/],
  ['of 1 MB', 'x'.repeat(1_000_000), /longer than 65536/],
  ['empty', '\n', /it is empty/],
] as const) {
  test(`token inspect – a token ${name} – is refused with 2 and not repeated`, async (context) => {
    const { code, stdout, stderr } = await inspect(context, text);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /Cannot read the token: /);
    assert.match(stderr, pattern);
    assert.ok(stderr.length < 400);
  });
}

test('token inspect – claims that move the cursor – are made harmless', async (context) => {
  const token = unsigned({ alg: 'RS256' }, { ...claims, '\u001b[31mred': '\u001b[2Jcleared\nissuer  forged' }, 'eA');
  const { stdout } = await inspect(context, token);
  assert.ok(!stdout.includes('\u001b'));
  assert.doesNotMatch(stdout, /^issuer +forged/m);
});

async function startProvider(context: TestContext) {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'RS256' };
  const server = createServer((request, response) => {
    const isKeys = request.url === '/keys';
    const isMetadata = request.url === '/.well-known/oauth-authorization-server/as';
    response.writeHead(isKeys || isMetadata ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isKeys ? { keys: [jwk] } : { issuer, jwks_uri: `${base}/keys` }));
  }).listen(0, '127.0.0.1');
  context.after(() => server.closeAllConnections());
  context.after(() => server.close());
  await once(server, 'listening');
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer = `${base}/as`;
  const sign = (more: object = {}) =>
    new SignJWT({ ...claims, iss: issuer, ...more })
      .setProtectedHeader({ alg: 'RS256', kid: 'key-1' })
      .sign(privateKey);
  return { base, issuer, sign };
}

test('token inspect – with its issuer – verifies it and names the key', async (context) => {
  const { issuer, base, sign } = await startProvider(context);
  const { code, stdout } = await inspect(context, await sign(), ['--issuer', issuer]);
  assert.equal(code, 0);
  assert.match(stdout, new RegExp(`Verified with key key-1 \\(RS256\\) of ${base}/keys`));
  assert.doesNotMatch(stdout, /Not verified/);
});

test('token inspect – with the address of the keys – verifies it', async (context) => {
  const { base, sign } = await startProvider(context);
  const { code } = await inspect(context, await sign(), ['--jwks-url', `${base}/keys`]);
  assert.equal(code, 0);
});

test('token inspect – changed on its way, expired, or for another audience – says so and ends with 1', async (context) => {
  const { issuer, sign } = await startProvider(context);
  const token = await sign();
  const [header, , signature] = token.split('.');
  const changed = `${header}.${unsigned({}, { ...claims, iss: issuer, sub: 'mallory' }).split('.')[1]}.${signature}`;
  const verdicts = await Promise.all([
    inspect(context, changed, ['--issuer', issuer]),
    inspect(context, await sign({ exp: nowSeconds - 60 }), ['--issuer', issuer]),
    inspect(context, token, ['--issuer', issuer, '--audience', 'backend']),
  ]);
  assert.deepEqual(
    verdicts.map(({ code }) => code),
    [1, 1, 1],
  );
  assert.match(verdicts[0]?.stderr ?? '', /signature does not match/);
  assert.match(verdicts[1]?.stderr ?? '', /it has expired/);
  assert.match(verdicts[2]?.stderr ?? '', /its aud is "mcpserver", expected "backend" \(the signature is right\)/);
});

test('token inspect – with an issuer that is down – says so and ends with 1', async (context) => {
  const { code, stderr } = await inspect(context, unsigned({ alg: 'RS256' }, claims, 'eA'), [
    '--issuer',
    'http://127.0.0.1:1/as',
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /Cannot verify the token: connection refused/);
});
