import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { documentRedirect, startDocumentServer } from '../../test/kit/start-document-server.ts';
import { claimsOf, startTestIdp, type SeedData } from '../../test/kit/start-test-idp.ts';

const takeDocuments = (seed: SeedData) => {
  for (const server of seed.servers) server['clientIdMetadataDocuments'] = true;
};

test('a client that brings a document about itself – signs people in, after they agreed', async () => {
  await using site = await startDocumentServer();
  // What NODE_EXTRA_CA_CERTS does for a process of its own.
  setDefaultCACertificates([...getCACertificates('default'), site.ca]);
  await using idp = await startTestIdp(takeDocuments);
  const metadata = await idp.send(`${idp.server('mcpserver').issuer}/.well-known/openid-configuration`);
  assert.equal(metadata.body['client_id_metadata_document_supported'], true);
  const clientId = site.document('/client.json', { redirect_uris: [documentRedirect] });
  const request = { clientId, redirectUri: documentRedirect };
  const { status, body } = await idp.signIn('mcpserver', request);
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(claimsOf(body['access_token'])['cid'], clientId);
  const { callback } = await idp.authorize('mcpserver', { ...request, decision: 'deny' });
  assert.equal(callback.searchParams.get('error'), 'access_denied');
});

test('a client with a document – without the setting, or with one that is not its own: no app here', async () => {
  await using site = await startDocumentServer();
  setDefaultCACertificates([...getCACertificates('default'), site.ca]);
  await using closed = await startTestIdp();
  await using open = await startTestIdp(takeDocuments);
  const ask = (at: typeof open, clientId: string) => {
    const url = new URL(at.server('mcpserver').authorizeUrl);
    const parameters = {
      client_id: clientId,
      redirect_uri: documentRedirect,
      response_type: 'code',
      state: 's',
      scope: 'openid',
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return at.send(url);
  };
  assert.equal((await ask(closed, site.document('/closed.json'))).status, 400);
  assert.deepEqual(site.asked, []);
  assert.equal((await ask(open, site.document('/other.json', { client_id: `${site.origin}/own.json` }))).status, 400);
  assert.equal((await ask(open, site.document('/secret.json', { client_secret: 'secret' }))).status, 400);
});
