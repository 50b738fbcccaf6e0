import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { post, toolCall } from '../kit/call.ts';
import { rawPost, readRawAnswer, sendRaw } from '../kit/send-raw.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';

/** Requests that say they are something else than they are: other paths, other routes, other people. */
const lab = await startTokenLab();
after(() => lab[Symbol.asyncDispose]());
const { port, mcpUrl } = lab.gateway;
const token = lab.token();
const body = JSON.stringify(toolCall());
const heard = () => lab.upstream.seen.length + lab.issuer.count(new URL(lab.issuer.tokenUrl).pathname);

function request(method: string, target: string, lines: readonly string[] = []): string {
  const text = method === 'POST' ? body : '';
  return [
    `${method} ${target} HTTP/1.1`,
    'host: localhost',
    'connection: close',
    'content-type: application/json',
    `content-length: ${text.length}`,
    ...lines,
    '',
    text,
  ].join('\r\n');
}
const send = async (text: string) => readRawAnswer(await sendRaw(port, text));

/** Ways to write, around, beside and behind a path that is let through. */
const around = [
  '/health',
  '/ready',
  '/.well-known/oauth-protected-resource',
  '/.well-known/oauth-protected-resource/mcp',
];
const spellings = [
  '/mcp',
  '/mcp/',
  '//mcp',
  '///mcp',
  '/./mcp',
  '/mcp/.',
  '/mcp/./',
  '/x/../mcp',
  '/mcp/../mcp',
  '/mcp//',
  '/mcp;a=b',

  '/mcp;',
  '/mcp/;/',
  '/;/mcp',
  '/%6dcp',
  '/%6Dcp',
  '/m%63p',
  '/mcp%2f',
  '/%2fmcp',
  '/%2f/mcp',
  '/mcp%00',
  '/mcp%20',

  '/mcp%09',
  '/mcp%0a',
  '/mcp%0d%0a',
  '/mcp%23',
  '/mcp%3f',
  '/mcp%3Fa',
  '/MCP',
  '/Mcp',
  '/mcp.',
  '/mcp..',
  '/mcp.json',
  '/mcp%26',
  '/mcp:80',

  '/mcp~',
  '/mcp\\',
  '\\mcp',
  '/\\mcp',
  '/mcp\\..',
  '/%5cmcp',
  '/%2e/mcp',
  '/%2e%2e/mcp',
  '/..%2fmcp',
  '/%252e/mcp',
  '/%c0%afmcp',
  '/%e0%80%afmcp',
  '/mcp%c0%80',
  '/.%00/mcp',
  '/mcp?',
  '/mcp?a=/health',
  '/mcp?access=/ready',
  'http://localhost/mcp',
  'http://evil.example/mcp',
  'HTTP://localhost/mcp',
  '*',
  ...around.flatMap((path) => [`${path}/../mcp`, `${path}/..%2fmcp`, `${path};/../mcp`, `${path}/%2e%2e/mcp`]),
];

describe('a path without a token', () => {
  test('there are enough of them', () => assert.ok(new Set(spellings).size >= 72, String(new Set(spellings).size)));
  for (const spelling of spellings) {
    for (const method of ['POST', 'GET']) {
      test(`${method} ${spelling} – nothing goes anywhere`, async () => {
        const before = heard();
        const { status } = await send(request(method, spelling));
        assert.ok([400, 401, 404].includes(status), String(status));
        assert.equal(heard(), before);
      });
    }
  }
});

describe('a path with a token', () => {
  for (const spelling of spellings.filter((one) => !/^\/mcp(?:\?|$)/.test(one))) {
    test(`${spelling} – is not the endpoint`, async () => {
      const before = heard();
      const { status } = await send(request('POST', spelling, [`authorization: Bearer ${token}`]));
      assert.ok([400, 404].includes(status), String(status));
      assert.equal(heard(), before);
    });
  }
});

const routing = [
  'x-forwarded-uri: /health',
  'x-forwarded-path: /health',
  'x-forwarded-prefix: /health',
  'x-original-url: /health',

  'x-original-uri: /health',
  'x-rewrite-url: /health',
  'x-envoy-original-path: /health',
  'x-forwarded-method: OPTIONS',

  'x-http-method-override: OPTIONS',
  'x-method-override: OPTIONS',
  'x-http-method: OPTIONS',
  'router-key: internal',

  'mcp-init-host: localhost',
  'x-internal: true',
  'x-skip-auth: 1',
  'x-auth-request-redirect: /',
  'x-forwarded-for: 127.0.0.1',
  'forwarded: for=127.0.0.1',
  'x-real-ip: 127.0.0.1',
  'x-client-cert: CN=root',
  'user-agent: kube-probe/1.30',
  'user-agent: GoogleHC/1.0',
  'user-agent: ELB-HealthChecker/2.0',
  'upgrade-insecure-requests: 1',
];
describe('a header that turns checks off elsewhere', () => {
  for (const line of routing) {
    test(`${line}, without a token – 401 all the same`, async () => {
      const before = heard();
      assert.equal((await send(request('POST', '/mcp', [line]))).status, 401);
      assert.equal(heard(), before);
    });
  }
});

const identity = [
  'x-forwarded-user',
  'x-forwarded-email',
  'x-forwarded-groups',
  'x-forwarded-preferred-username',
  'x-forwarded-host',

  'x-forwarded-access-token',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-client-cert',
  'x-auth-request-user',
  'x-auth-request-email',
  'x-auth-request-access-token',
  'x-auth-request-groups',
  'x-remote-user',
  'remote-user',

  'x-user',
  'x-user-id',
  'x-email',
  'x-groups',
  'x-roles',
  'x-webauth-user',
  'x-authenticated-user',
  'x-consumer-username',

  'x-amzn-oidc-data',
  'x-amzn-oidc-identity',
  'x-goog-iap-jwt-assertion',
  'x-goog-authenticated-user-email',
  'x-ms-client-principal',
  'cf-access-jwt-assertion',
  'x-pomerium-jwt-assertion',
  'x-real-ip',
  'x-client-id',
  'x-api-key',
  'x-tenant-id',
];
test(`${identity.length} names of headers that say who is calling, with dashes and with underscores – none of them crosses`, async () => {
  const both = identity.flatMap((name) => [
    name,
    name.replaceAll('-', '_'),
    name.toUpperCase(),
    name.replaceAll('-', '.'),
  ]);
  const lines = both.map((name) => `${name}: mallory`);
  assert.equal((await send(request('POST', '/mcp', [`authorization: Bearer ${token}`, ...lines]))).status, 200);
  const seen = lab.upstream.seen.at(-1);
  assert.ok(!JSON.stringify(seen).includes('mallory'), JSON.stringify(seen?.rawHeaders));
});

describe('headers that are too many or too odd', () => {
  test('headers named __proto__, constructor and hasOwnProperty – a call like any other, none of them crosses', async () => {
    const lines = [
      '__proto__: x',
      'constructor: x',
      'hasOwnProperty: x',
      '__proto__: authorization',
      'mcp-param-__proto__: y',
    ];
    assert.equal((await send(request('POST', '/mcp', [`authorization: Bearer ${token}`, ...lines]))).status, 200);
    const { rawHeaders = [] } = lab.upstream.seen.at(-1) ?? {};
    assert.ok(!rawHeaders.some((name) => /^(?:__proto__|constructor|hasownproperty)$/i.test(name)));
  });
  for (const [name, lines] of [
    ['3000 short headers', Array.from({ length: 3000 }, (_, index) => `x-${index}: ${index}`)],
    ['one header 400 times', Array.from({ length: 400 }, () => 'accept: application/json')],
    [
      'an Authorization header behind 1990 others',
      [...Array.from({ length: 1990 }, () => 'a: b'), `authorization: Bearer ${lab.token({ claims: { aud: 'x' } })}`],
    ],
    [
      '1000 encodings',
      [`content-encoding: ${Array.from({ length: 1000 }, () => 'gzip').join(', ')}`, `authorization: Bearer ${token}`],
    ],
  ] as const) {
    test(`${name} – refused, and the next call works`, async () => {
      const before = heard();
      const { status } = await send(request('POST', '/mcp', lines));
      assert.ok([400, 401, 415, 431].includes(status), String(status));
      assert.equal(heard(), before);
      assert.equal((await post(mcpUrl, token)).status, 200);
    });
  }
  test('two Authorization headers, the second behind 2100 others – not read as one', async () => {
    const before = heard();
    const lines = [
      `authorization: Bearer ${token}`,
      ...Array.from({ length: 2100 }, () => 'a: b'),
      'authorization: Bearer x',
    ];
    const { status } = await send(rawPost(['connection: close', ...lines], body));
    assert.ok([400, 401, 431].includes(status), String(status));
    assert.equal(heard(), before);
  });
});
