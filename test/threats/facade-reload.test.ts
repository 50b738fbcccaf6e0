import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../src/model/secret.ts';
import { errorOf, FacadeVisitor, tokensOf } from '../shield/facade-visitor.ts';
import { startShieldLab, type ShieldLab } from '../shield/start-shield-lab.ts';

type ServerInput = Parameters<ShieldLab['gateway']['configure']>[0][string];

/** A façade whose settings can be changed while it runs. */
async function start() {
  let server: ServerInput | undefined;
  const lab = await startShieldLab({
    facade: { redirectUris: ['https://app.example/callback'] },
    server: (usual) => (server = usual),
  });
  return {
    lab,
    visitor: new FacadeVisitor(lab),
    async change(facade: Partial<NonNullable<ServerInput['facade']>>): Promise<void> {
      const { gateway } = lab;
      const countries = { ...server, facade: { ...server?.facade, ...facade } } as ServerInput;
      const { caFile } = lab;
      const listen = { port: gateway.port };
      assert.equal(await gateway.reload(() => gateway.configure({ countries }, { caFile, listen })), true);
    },
    [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
  };
}

test('a redirect URI that the operator took away – leads nobody there any more, whoever registered it before', async () => {
  await using all = await start();
  const { visitor } = all;
  const client = await visitor.registered({ redirect_uris: ['https://app.example/callback'] });
  assert.equal((await visitor.open(visitor.authorizeUrl(client))).status, 200);
  await all.change({ redirectUris: ['https://other.example/callback'] });
  for (const changes of [{}, { response_type: 'token' }, { redirect_uri: undefined }]) {
    const page = await visitor.open(visitor.authorizeUrl(client, changes));
    assert.equal(page.status, 400, page.text);
    assert.equal(page.headers.get('location'), null);
  }
});

test('a client whose every place was taken away – is none any more: its refresh token and a code under way are of no use', async () => {
  await using all = await start();
  const { visitor, lab } = all;
  const elsewhere = await visitor.registered({ redirect_uris: ['https://app.example/callback'] });
  const { refresh_token: kept = '' } = await visitor.tokens(elsewhere);
  const code = await visitor.toCode(elsewhere);
  const both = await visitor.registered({ redirect_uris: ['https://app.example/callback', 'http://127.0.0.1/cb'] });
  const codeOfBoth = await visitor.toCode({ ...both, redirectUri: 'https://app.example/callback' });
  await all.change({ redirectUris: ['https://other.example/callback'] });
  const heard = lab.idp.log.length;
  const answers = [
    await visitor.refresh(elsewhere, kept),
    await visitor.redeem(elsewhere, code),
    await visitor.redeem(both, codeOfBoth),
  ];
  assert.deepEqual(answers.map(errorOf), ['invalid_client', 'invalid_client', 'invalid_grant']);
  assert.equal(lab.idp.log.length, heard);
});

test('a client whose keys are where nothing is fetched from any more – is none any more, and nothing is fetched', async () => {
  await using all = await start();
  const { visitor } = all;
  await all.change({ clientDocuments: ['keys.example'] });
  const method = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://keys.example/jwks.json' };
  const client = await visitor.registered(method);
  assert.equal((await visitor.open(visitor.authorizeUrl(client))).status, 200);
  await all.change({ clientDocuments: ['other.example'] });
  const page = await visitor.open(visitor.authorizeUrl(client));
  assert.equal(page.status, 400, page.text);
  assert.equal(errorOf(await visitor.refresh(client, 'x')), 'invalid_client');
});

test('a refresh token that was used – is used after a reload of the façade, too', async () => {
  await using all = await start();
  const { visitor } = all;
  const client = await visitor.registered();
  const { refresh_token: first = '' } = await visitor.tokens(client);
  assert.equal((await visitor.refresh(client, first)).status, 200);
  await all.change({ registrationDays: 3 });
  const again = await visitor.refresh(client, first);
  assert.deepEqual([again.status, errorOf(again)], [400, 'invalid_grant']);
  assert.match(again.text, /used before/);
});

test('a refresh token of another provider, or of another client there – no provider is handed it, and registrations stay', async () => {
  await using all = await start();
  const { visitor, lab } = all;
  const client = await visitor.registered();
  const { refresh_token: kept = '' } = await visitor.tokens(client);
  await all.change({ clientId: 'vscode', clientSecret: new Secret('vscode-development-secret') });
  const heard = lab.idp.log.length;
  const answer = await visitor.refresh(client, kept);
  assert.deepEqual([answer.status, errorOf(answer)], [400, 'invalid_grant']);
  assert.equal(lab.idp.log.length, heard, 'it is of use to nobody else, and nobody else has to learn it');
  assert.equal((await visitor.open(visitor.authorizeUrl(client))).status, 200);
});

test('a refresh token nobody used for a month – is over, before it is forgotten that one was used', async () => {
  await using all = await start();
  const { visitor, lab } = all;
  const client = await visitor.registered();
  const { refresh_token: used = '' } = await visitor.tokens(client);
  const next = tokensOf(await visitor.refresh(client, used));
  lab.clock.aheadMs = 31 * 86_400_000;
  for (const token of [used, next['refresh_token'] ?? '']) {
    const answer = await visitor.refresh(client, token);
    assert.deepEqual([answer.status, errorOf(answer)], [400, 'invalid_grant']);
  }
});
