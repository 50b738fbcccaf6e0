import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sendJson, startHttpServer, type TestServer } from '../../test/kit/start-http-server.ts';
import { buildHttpClient } from '../lib/http-client.ts';
import { metadataUrls } from '../oauth/metadata-urls.ts';
import { discoverJwksUrl } from './discover.ts';

test('metadataUrls – an issuer with a path – OAuth inserted, OpenID inserted, OpenID appended, OAuth appended', () => {
  assert.deepEqual(metadataUrls('https://example.okta.com/oauth2/as1'), [
    'https://example.okta.com/.well-known/oauth-authorization-server/oauth2/as1',
    'https://example.okta.com/.well-known/openid-configuration/oauth2/as1',
    'https://example.okta.com/oauth2/as1/.well-known/openid-configuration',
    'https://example.okta.com/oauth2/as1/.well-known/oauth-authorization-server',
  ]);
});

for (const issuer of ['https://id.example', 'https://id.example/']) {
  test(`metadataUrls – ${issuer} – each form once`, () => {
    assert.deepEqual(metadataUrls(issuer), [
      'https://id.example/.well-known/oauth-authorization-server',
      'https://id.example/.well-known/openid-configuration',
    ]);
  });
}

/** Discovers at a server that has these documents, by path. */
async function discover(
  documents: (base: string) => Readonly<Record<string, unknown>>,
  issuerPath = '/oauth2/as1',
): Promise<{ readonly jwksUrl: string | undefined; readonly reason: string; readonly base: string }> {
  await using server: TestServer = await startHttpServer(({ url }, response) => {
    const document = documents(server.url)[url];
    sendJson(response, document === undefined ? 404 : 200, document ?? { error: 'not_found' });
  });
  const http = buildHttpClient();
  try {
    const jwksUrl = await discoverJwksUrl(server.url + issuerPath, { http, timeoutMs: 2_000, allowHttp: false });
    return { jwksUrl, reason: '', base: server.url };
  } catch (error) {
    return { jwksUrl: undefined, reason: error instanceof Error ? error.message : '', base: server.url };
  } finally {
    await http.close();
  }
}

const metadata = (base: string, changes: Record<string, unknown> = {}) => ({
  issuer: `${base}/oauth2/as1`,
  jwks_uri: `${base}/keys`,
  token_endpoint: `${base}/token`,
  ...changes,
});

describe('where the document is', () => {
  for (const path of [
    '/.well-known/oauth-authorization-server/oauth2/as1',
    '/.well-known/openid-configuration/oauth2/as1',
    '/oauth2/as1/.well-known/openid-configuration',
    '/oauth2/as1/.well-known/oauth-authorization-server',
  ]) {
    test(`discoverJwksUrl – only ${path} – found`, async () => {
      const { jwksUrl, base } = await discover((url) => ({ [path]: metadata(url) }));
      assert.equal(jwksUrl, `${base}/keys`);
    });
  }

  test('discoverJwksUrl – an issuer that ends in a slash – its own document is found', async () => {
    const path = '/tenant/.well-known/openid-configuration';
    const { jwksUrl, base } = await discover(
      (url) => ({ [path]: metadata(url, { issuer: `${url}/tenant/` }) }),
      '/tenant/',
    );
    assert.equal(jwksUrl, `${base}/keys`);
  });

  test('discoverJwksUrl – the first form is of somebody else, the third is right – the third counts', async () => {
    const { jwksUrl, base } = await discover((url) => ({
      '/.well-known/oauth-authorization-server/oauth2/as1': metadata(url, { issuer: url, jwks_uri: `${url}/evil` }),
      '/oauth2/as1/.well-known/openid-configuration': metadata(url),
    }));
    assert.equal(jwksUrl, `${base}/keys`);
  });
});

test('discoverJwksUrl – the same reason everywhere – is said once, with all the places', async () => {
  const { reason } = await discover(() => ({}));
  assert.equal(reason.split('status 404').length - 1, 1, reason);
  assert.equal(reason.split('/.well-known/').length - 1, 4, reason);
});

describe('what the document says', () => {
  const first = '/.well-known/oauth-authorization-server/oauth2/as1';
  const rows: readonly (readonly [string, (base: string) => unknown, RegExp])[] = [
    ['of another issuer', (base) => metadata(base, { issuer: `${base}/oauth2/as2` }), /it is the metadata of ".*as2"/],
    [
      'whose issuer has a slash more',
      (base) => metadata(base, { issuer: `${base}/oauth2/as1/` }),
      /it is the metadata/,
    ],
    ['whose issuer is in a list', (base) => metadata(base, { issuer: [`${base}/oauth2/as1`] }), /not a metadata/],
    ['without issuer', (base) => metadata(base, { issuer: undefined }), /not a metadata document with issuer/],
    ['without jwks_uri', (base) => metadata(base, { jwks_uri: undefined }), /it names no jwks_uri/],
    [
      'whose jwks_uri is a file',
      (base) => metadata(base, { jwks_uri: 'file:///keys.json' }),
      /its jwks_uri is not an http or https URL/,
    ],
    [
      'whose jwks_uri ends with a space',
      (base) => metadata(base, { jwks_uri: `${base}/keys ` }),
      /its jwks_uri is not an http/,
    ],
    ['whose jwks_uri is relative', (base) => metadata(base, { jwks_uri: '/keys' }), /its jwks_uri is not an http/],
    [
      'whose jwks_uri is on plain http elsewhere',
      (base) => metadata(base, { jwks_uri: 'http://keys.example/jwks' }),
      /its jwks_uri http:\/\/keys\.example\/jwks is plain http/,
    ],
    ['that is a list', (base) => [metadata(base)], /not a metadata document/],
    ['that is text', () => 'metadata', /not a metadata document/],
  ];
  for (const [name, document, reason] of rows) {
    test(`discoverJwksUrl – a document ${name} – refused with the reason`, async () => {
      const found = await discover((base) => ({ [first]: document(base) }));
      assert.equal(found.jwksUrl, undefined);
      assert.match(found.reason, reason);
    });
  }

  test('discoverJwksUrl – a redirect to a good document – not followed', async () => {
    await using elsewhere: TestServer = await startHttpServer((_, response) =>
      sendJson(response, 200, metadata(elsewhere.url)),
    );
    await using server = await startHttpServer((_, response) => {
      response.writeHead(302, { location: `${elsewhere.url}/metadata` }).end();
    });
    const http = buildHttpClient();
    const options = { http, timeoutMs: 2_000, allowHttp: false };
    await assert.rejects(discoverJwksUrl(`${server.url}/oauth2/as1`, options), /status 302/);
    assert.equal(elsewhere.seen.length, 0);
    await http.close();
  });
});

describe('an issuer elsewhere that names an address of this machine', () => {
  const issuer = 'https://id.example';
  for (const [name, allowHttp] of [
    ['is not believed', false],
    ['is, where plain http is allowed', true],
  ] as const) {
    test(`discoverJwksUrl – jwks_uri at plain http there – ${name}`, async () => {
      await using server = await startHttpServer((_, response) =>
        sendJson(response, 200, { issuer, jwks_uri: 'http://127.0.0.1:1/keys' }),
      );
      const real = buildHttpClient();
      // A name that leads to the server of this test.
      const http = {
        ...real,
        send: (url: string, ...rest: [Parameters<typeof real.send>[1]]) =>
          real.send(url.replace(issuer, server.url), ...rest),
      };
      try {
        const found = discoverJwksUrl(issuer, { http, timeoutMs: 2_000, allowHttp });
        if (allowHttp) assert.equal(await found, 'http://127.0.0.1:1/keys');
        else await assert.rejects(found, /its jwks_uri http:\/\/127\.0\.0\.1:1\/keys is plain http/);
      } finally {
        await real.close();
      }
    });
  }
});
