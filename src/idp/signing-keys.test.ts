import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { headerOf, startTestIdp } from '../../test/kit/start-test-idp.ts';
import { publicKeys, readSigningKeys, rotateSigningKeys } from './signing-keys.ts';

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-keys-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

test('signing keys – first start – are made and kept for their owner only', async (t) => {
  const folder = await makeFolder(t);
  const keys = await readSigningKeys(folder, 'a');
  assert.deepEqual(await readSigningKeys(folder, 'a'), keys);
  assert.notEqual(keys.current.kid, keys.next.kid);
  assert.equal((await stat(join(folder, 'keys', 'a.json'))).mode & 0o777, 0o600);
});

test('signing keys – published – have no private part', async (t) => {
  const keys = await readSigningKeys(await makeFolder(t), 'a');
  for (const key of publicKeys(keys)) assert.deepEqual(Object.keys(key).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use']);
});

test('rotation – next becomes current – and the old one stays published for a day', async (t) => {
  const folder = await makeFolder(t);
  const before = await readSigningKeys(folder, 'a');
  const hourMs = 60 * 60 * 1000;
  const once = await rotateSigningKeys(folder, 'a', 0);
  assert.equal(once.current.kid, before.next.kid);
  assert.deepEqual(
    publicKeys(once).map(({ kid }) => kid),
    [before.next.kid, once.next.kid, before.current.kid],
  );
  const twice = await rotateSigningKeys(folder, 'a', 23 * hourMs);
  assert.ok(publicKeys(twice).some(({ kid }) => kid === before.current.kid));
  const later = await rotateSigningKeys(folder, 'a', 25 * hourMs);
  assert.ok(!publicKeys(later).some(({ kid }) => kid === before.current.kid));
});

test('signing keys – damaged file – are refused with its name, not replaced', async (t) => {
  const folder = await makeFolder(t);
  await readSigningKeys(folder, 'a');
  const file = join(folder, 'keys', 'a.json');
  await writeFile(file, '{"current":');
  await assert.rejects(readSigningKeys(folder, 'a'), {
    code: 'idp_state_unusable',
    message: /keys\/a\.json, .*: the file is damaged/,
  });
  assert.equal(await readFile(file, 'utf8'), '{"current":');
});

test('signing keys – a file that others can read – is not believed: they could sign as well', async (t) => {
  const folder = await makeFolder(t);
  await readSigningKeys(folder, 'a');
  await chmod(join(folder, 'keys', 'a.json'), 0o640);
  await assert.rejects(readSigningKeys(folder, 'a'), {
    code: 'idp_state_unusable',
    message: /other users can read it/,
  });
});

test('rotateKeys – running provider – signs with the published next key, old tokens stay good', async () => {
  await using idp = await startTestIdp();
  const { issuer, jwksUrl } = idp.server('mcpserver');
  const before = await idp.signIn('mcpserver', { scope: 'openid offline_access mcp:tools:call' });
  const published = (await idp.send(jwksUrl)).body['keys'] as { kid: string }[];
  assert.equal(published.length, 2);
  await idp.idp.rotateKeys('mcpserver');
  const after = await idp.signIn('mcpserver');
  assert.equal(headerOf(before.body['access_token'])['kid'], published[0]?.kid);
  assert.equal(headerOf(after.body['access_token'])['kid'], published[1]?.kid);
  assert.equal(((await idp.send(jwksUrl)).body['keys'] as unknown[]).length, 3);
  const userinfo = await idp.send(`${issuer}/v1/userinfo`, {
    headers: { authorization: `Bearer ${String(before.body['access_token'])}` },
  });
  assert.equal(userinfo.status, 200);
  const refreshed = await idp.post(idp.server('mcpserver').tokenUrl, {
    grant_type: 'refresh_token',
    client_id: 'demo',
    refresh_token: String(before.body['refresh_token']),
  });
  assert.equal(refreshed.status, 200, refreshed.text);
});

test('rotation – by another process on the same folder – is taken over without a restart', async () => {
  await using idp = await startTestIdp();
  const { jwksUrl } = idp.server('backend');
  const rotated = await rotateSigningKeys(idp.stateDir, 'backend', Date.now());
  const answer = await idp.send(jwksUrl);
  assert.equal((answer.body['keys'] as { kid: string }[])[0]?.kid, rotated.current.kid);
  assert.match(answer.headers.get('cache-control') ?? '', /max-age=\d+/);
});

test('rotateKeys – server that is not there – says which there are', async () => {
  await using idp = await startTestIdp();
  await assert.rejects(idp.idp.rotateKeys('nowhere'), {
    message: 'Cannot rotate keys: there is no server "nowhere", expected one of mcpserver, backend',
  });
});
