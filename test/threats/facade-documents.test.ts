import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { documentRedirect, startDocumentServer } from '../kit/start-document-server.ts';
import { errorOf, FacadeVisitor, onwardTo, tokensOf } from '../shield/facade-visitor.ts';
import { startShieldLab } from '../shield/start-shield-lab.ts';
import { useDocuments } from '../shield/use-facade.ts';

/** Clients that bring a document about themselves (draft-ietf-oauth-client-id-metadata-document): whoever opens a sign-in makes
 * the gateway fetch something, and the document says what a person is asked.
 */
describe("the façade with clients' documents", () => {
  const used = useDocuments();
  const { visit, clientOf } = used;
  const open = async (id: string, redirectUri?: string) => {
    const visitor = visit();
    return await visitor.open(visitor.authorizeUrl(clientOf(id, redirectUri)));
  };

  async function assertRefused(id: string, words: RegExp, redirectUri?: string): Promise<void> {
    const { status, headers, text } = await open(id, redirectUri);
    assert.equal(status, 400, text);
    assert.equal(headers.get('location'), null);
    assert.match(text, words);
  }

  test('a good document – the person sees what it says, where it is, and that any program can name it', async () => {
    const page = await open(used.site.document('/good.json'));
    assert.equal(page.status, 200, page.text);
    for (const words of [
      'An app with a document',
      `<strong>localhost:${used.site.port}</strong>`,
      `${used.site.origin}/good.json`,
      documentRedirect,
      'Nobody has checked that name',
      'Any program on this computer can say that it is this app',
    ])
      assert.ok(page.text.includes(words), words);
    assert.equal(onwardTo(page), '');
  });

  test('a client that comes back to its own site – is taken, and the page warns of no other program', async () => {
    const page = await open(
      used.site.document('/web.json', { redirect_uris: [`${used.site.origin}/callback`] }),
      `${used.site.origin}/callback`,
    );
    assert.equal(page.status, 200, page.text);
    assert.match(page.text, /the web site <strong>localhost/);
    assert.doesNotMatch(page.text, /Any program on this computer/);
  });

  for (const [title, form, words] of [
    ['in the clear', (origin: string) => origin.replace('https', 'http') + '/a.json', /begins with https/],
    ['without a path', (origin: string) => origin, /has a path/],
    ['with a fragment', (origin: string) => `${origin}/a.json#x`, /has no fragment/],
    ['with a user name', (origin: string) => `${origin.replace('//', '//user@')}/a.json`, /has no user name/],
    ['with dots in its path', (origin: string) => `${origin}/b/../a.json`, /has no \. and \.\./],
    ['with written dots in its path', (origin: string) => `${origin}/b/%2E%2e/a.json`, /has no \. and \.\./],
    ['with another case', (origin: string) => `${origin.replace('localhost', 'LOCALHOST')}/a.json`, /is written as/],
    ['with a space', (origin: string) => `${origin}/ a.json`, /begins with https/],
    ['with an address', (origin: string) => `${origin.replace('localhost', '127.0.0.1')}/a.json`, /not an address/],
    [
      'with an address as a number',
      (origin: string) => `${origin.replace('localhost', '2130706433')}/a.json`,
      /is written as/,
    ],
    ['with an address of IPv6', (origin: string) => `${origin.replace('localhost', '[::1]')}/a.json`, /not an address/],
    ['of a host that is not listed', () => 'https://example.com/a.json', /none is taken from there/],
    ['at a port that is not listed', () => 'https://localhost/a.json', /none is taken from there/],
    ['with a query', (origin: string) => `${origin}/a.json?x=1`, /none is taken from there/],
    ['that is long', (origin: string) => `${origin}/${'a'.repeat(600)}`, /at most 512 characters/],
  ] as const) {
    test(`a URL ${title} – refused, and nothing is fetched`, async () => {
      const connections = used.site.connections();
      await assertRefused(form(used.site.origin), words);
      assert.equal(used.site.connections(), connections);
    });
  }

  for (const [title, changes, words] of [
    ['with the id of another', { client_id: 'https://vscode.dev/oauth/client-metadata.json' }, /expected its own URL/],
    ['without an id', { client_id: undefined }, /client_id missing/],
    ['without a name', { client_name: undefined }, /has no client_name/],
    ['with a name of nothing to see', { client_name: '\u200b \u202e' }, /has no client_name/],
    ['without redirect URIs', { redirect_uris: undefined }, /redirect_uris that are no list/],
    ['with no redirect URI in its list', { redirect_uris: [] }, /redirect_uris that are no list/],
    ['with a redirect URI that is no text', { redirect_uris: [documentRedirect, 7] }, /something that is no text/],
    [
      'that comes back to strangers only',
      { redirect_uris: ['https://evil.example/callback', 'http://evil.example/', 'javascript:alert(1)'] },
      /no redirect URI that is allowed here/,
    ],
    ['with a secret', { client_secret: 'secret' }, /has a client_secret/],
    ['with the end of a secret', { client_secret_expires_at: 0 }, /has a client_secret_expires_at/],
    ...['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'tls_client_auth'].flatMap((method) => [
      [`that proves itself by ${method}`, { token_endpoint_auth_method: method }, /expected &quot;none&quot;/] as const,
    ]),
    [
      'that may prove itself by a secret, among others',
      { token_endpoint_auth_methods_supported: ['none', 'client_secret_post'] },
      /token_endpoint_auth_method &quot;client_secret_post&quot;/,
    ],
    ['for another grant', { grant_types: ['client_credentials'] }, /grant_types without authorization_code/],
    ['for another response', { response_types: ['token'] }, /response_types without code/],
  ] as const) {
    test(`a document ${title} – refused`, async () => {
      await assertRefused(used.site.document(`/${randomBytes(4).toString('hex')}.json`, changes), words);
    });
  }

  test('redirect URIs of a document – to the letter, but for the port of this machine', async () => {
    const id = used.site.document('/uris.json', {
      redirect_uris: ['http://127.0.0.1:1/cb', 'https://evil.example/cb', `${used.site.origin}/cb`],
    });
    assert.equal((await open(id, 'http://127.0.0.1:999/cb')).status, 200);
    assert.equal((await open(id, `${used.site.origin}/cb`)).status, 200);
    for (const uri of [
      'http://127.0.0.1:1/cb/',
      'http://localhost:1/cb',
      'http://127.0.0.1:1/cb?x=1',
      'https://evil.example/cb',
      `${used.site.origin}/cb2`,
      'https://localhost/cb',
    ])
      await assertRefused(id, /did not register to be/, uri);
  });

  test('a redirect – is not followed', async () => {
    const target = used.site.document('/target.json');
    used.site.serve('/moved.json', { status: 302, headers: { location: target } });
    const asked = used.site.asked.length;
    await assertRefused(`${used.site.origin}/moved.json`, /answers with 302, expected 200/);
    assert.deepEqual(used.site.asked.slice(asked), ['/moved.json']);
  });

  test('an answer with another status, of another type, or that is no object – refused', async () => {
    used.site.serve('/201.json', { status: 201, body: { client_id: `${used.site.origin}/201.json` } });
    await assertRefused(`${used.site.origin}/201.json`, /answers with 201/);
    await assertRefused(`${used.site.origin}/404.json`, /answers with 404/);
    used.site.serve('/page', { headers: { 'content-type': 'text/html' }, body: '{}' });
    await assertRefused(`${used.site.origin}/page`, /expected application\/json/);
    used.site.serve('/list.json', { body: '[]' });
    await assertRefused(`${used.site.origin}/list.json`, /not a JSON object/);
    used.site.document('/own.json', {}, { 'content-type': 'application/client+json; charset=utf-8' });
    assert.equal((await open(`${used.site.origin}/own.json`)).status, 200);
  });

  test('a document of more than 5 KiB – refused', async () => {
    assert.equal((await open(used.site.document('/small.json', { padding: 'x'.repeat(4500) }))).status, 200);
    await assertRefused(used.site.document('/large.json', { padding: 'x'.repeat(5200) }), /cannot be fetched/);
  });

  test('a server that says nothing – is waited for five seconds, once for all who ask', async () => {
    used.site.serve('/silent.json', 'silence');
    const began = Date.now();
    await Promise.all([1, 2, 3].map(() => assertRefused(`${used.site.origin}/silent.json`, /cannot be fetched/)));
    assert.ok(Date.now() - began < 9_000);
    assert.equal(used.site.asked.filter((path) => path === '/silent.json').length, 1);
  });

  test('a document – is kept as long as it says, five minutes at least, a day at most; errors are not', async () => {
    const fetched = async (path: string, cacheControl: string | undefined, ...aheadMs: number[]) => {
      used.site.document(path, {}, cacheControl === undefined ? {} : { 'cache-control': cacheControl });
      for (const ahead of [0, ...aheadMs]) {
        used.lab.clock.aheadMs += ahead;
        assert.equal((await open(used.site.origin + path)).status, 200);
      }
      return used.site.asked.filter((asked) => asked === path).length;
    };
    const [minute, hour] = [60_000, 3_600_000];
    assert.equal(await fetched('/k1.json', 'max-age=3600', 59 * minute), 1);
    assert.equal(await fetched('/k2.json', 'max-age=3600', 61 * minute), 2);
    assert.equal(await fetched('/k3.json', 'max-age=0', 4 * minute), 1);
    assert.equal(await fetched('/k4.json', 'max-age=0', 6 * minute), 2);
    assert.equal(await fetched('/k5.json', 'max-age=99999999', 25 * hour), 2);
    assert.equal(await fetched('/k6.json', 'no-store', 0), 2);
    assert.equal(await fetched('/k7.json', undefined, 4 * minute), 1);
    await assertRefused(`${used.site.origin}/late.json`, /answers with 404/);
    assert.equal((await open(used.site.document('/late.json'))).status, 200);
  });

  test('many documents of one host – 503 after a while, which ends, and a document that is known stays', async () => {
    const known = used.site.document('/known.json');
    assert.equal((await open(known)).status, 200);
    const statuses = [];
    for (let count = 0; count < 30; count++)
      statuses.push((await open(`${used.site.origin}/none-${count}.json`)).status);
    assert.deepEqual([statuses[0], statuses.at(-1)], [400, 503]);
    assert.equal((await open(known)).status, 200);
    used.lab.clock.aheadMs += 60_000;
    assert.equal((await open(`${used.site.origin}/none.json`)).status, 400);
  });

  test('a code – of one document is of no use to another, nor to a client that registered itself', async () => {
    const visitor = visit();
    const client = clientOf(used.site.document('/mine.json'));
    const code = await visitor.toCode(client);
    const thief = clientOf(used.site.document('/thief.json'));
    assert.equal(errorOf(await visitor.redeem({ ...thief, verifier: client.verifier }, code)), 'invalid_grant');
    const registered = await visitor.registered();
    assert.equal(errorOf(await visitor.redeem({ ...registered, verifier: client.verifier }, code)), 'invalid_grant');
    assert.equal((await visitor.redeem(client, code)).status, 200);
  });

  test('a document that is gone later – its refresh token is still good; at the token endpoint none is fetched', async () => {
    const visitor = visit();
    const client = clientOf(used.site.document('/gone.json', {}, { 'cache-control': 'no-store' }));
    const code = await visitor.toCode(client);
    used.site.serve('/gone.json', { status: 410, body: '' });
    const asked = used.site.asked.length;
    const tokens = tokensOf(await visitor.redeem(client, code));
    assert.equal((await visitor.refresh(client, tokens['refresh_token'] ?? '')).status, 200);
    assert.equal(used.site.asked.length, asked);
  });
});

test('a document on this machine, without the switch for development – refused, and nothing connects there', async () => {
  await using site = await startDocumentServer();
  await using lab = await startShieldLab({ ca: site.ca, facade: { clientDocuments: [`localhost:${site.port}`, '*'] } });
  const visitor = new FacadeVisitor(lab);
  const client = { id: site.document('/a.json'), redirectUri: documentRedirect, verifier: 'v'.repeat(43) };
  const { status, text } = await visitor.open(visitor.authorizeUrl(client));
  assert.equal(status, 400);
  // Where the name leads is nobody's business outside.
  assert.match(text, /cannot be fetched/);
  assert.doesNotMatch(text, /127\.0\.0\.1:?(?!4)|::1/);
  assert.equal(site.connections(), 0);
  assert.match(
    lab.gateway.logged.join('\n'),
    /localhost is at (?:127\.0\.0\.1|::1), which is no place to fetch from|ENOTFOUND|EAI_AGAIN/,
  );
});

test("a certificate of nobody's – refused", async () => {
  await using site = await startDocumentServer();
  await using lab = await startShieldLab({
    facade: { clientDocuments: [`localhost:${site.port}`], unsafeDevLoopbackDocuments: true },
  });
  const visitor = new FacadeVisitor(lab);
  const client = { id: site.document('/a.json'), redirectUri: documentRedirect, verifier: 'v'.repeat(43) };
  const { status, text } = await visitor.open(visitor.authorizeUrl(client));
  assert.deepEqual([status, site.asked], [400, []]);
  assert.match(text, /cannot be fetched/);
});

test('no documents allowed – none is taken, and the metadata do not say otherwise', async () => {
  await using site = await startDocumentServer();
  await using lab = await startShieldLab({ ca: site.ca, facade: { unsafeDevLoopbackDocuments: true } });
  const visitor = new FacadeVisitor(lab);
  const client = { id: site.document('/a.json'), redirectUri: documentRedirect, verifier: 'v'.repeat(43) };
  assert.equal((await visitor.open(visitor.authorizeUrl(client))).status, 400);
  assert.equal(site.connections(), 0);
  const metadata = JSON.parse((await visitor.send(`${visitor.base}/.well-known/openid-configuration`)).text) as object;
  assert.ok(!('client_id_metadata_document_supported' in metadata));
});
