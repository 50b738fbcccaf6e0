import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { Secret } from '../../src/model/secret.ts';
import { openSecretStore } from '../../src/secrets/open-secret-store.ts';
import { post } from '../kit/call.ts';
import { makeFolder } from '../kit/config-input.ts';
import { runUsher } from '../kit/run-usher.ts';
import { startLoginLab } from '../kit/start-login-lab.ts';
import { until } from '../kit/until.ts';

async function startSignedIn(context: TestContext) {
  const env = { HOME: makeFolder(context), USHER_SECRETS_KEY: 'file' };
  const secrets = openSecretStore(env);
  const lab = await startLoginLab({ secrets });
  context.after(() => lab[Symbol.asyncDispose]());
  const call = () => post(lab.gateway.mcpUrl, lab.callerToken);
  const answer = await call();
  assert.equal(answer.status, 200, await answer.text());
  const [name = ''] = secrets
    .list()
    .map((one) => one.name)
    .filter((one) => one.startsWith('login/'));
  return { env, secrets, lab, call, name };
}

test('usher logout – while a gateway runs with the login – the next call is refused until somebody signs in again', async (context) => {
  const { env, lab, call } = await startSignedIn(context);
  const seen = lab.behind.seen.length;
  const { code, stdout, stderr } = await runUsher(context, ['logout', 'apollo'], { env });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /forgotten here/);
  const refused = await call();
  assert.equal(refused.status, 503);
  assert.match(await refused.text(), /operator_login_needed/);
  assert.equal(lab.behind.seen.length, seen, 'the server behind hears nothing of it');
  const record = (await lab.gateway.records()).at(-1);
  assert.match(record?.hint ?? '', /somebody signed out with usher logout/);
  await until(() => lab.told.length > 1);
  const [address = ''] = /http\S+/.exec(lab.told[1] ?? '') ?? [];
  assert.equal((await fetch(address)).status, 200);
  await until(async () => (await call()).status === 200);
});

test('another secret that is kept – while a gateway runs with a login – changes nothing', async (context) => {
  const { secrets, lab, call } = await startSignedIn(context);
  await secrets.put('other', new Secret('something'));
  assert.equal((await call()).status, 200);
  assert.equal(lab.opened.length, 1);
});

test('a login that was exchanged for another – while a gateway runs with it – calls go on with the other', async (context) => {
  const { secrets, lab, call, name } = await startSignedIn(context);
  const kept: object = JSON.parse(secrets.find(name)?.reveal() ?? '{}');
  const accessToken = await lab.issuer.tokens.sign({ sub: 'bob', exp: Math.floor(Date.now() / 1000) + 3600 });
  await secrets.put(name, new Secret(JSON.stringify({ ...kept, accessToken })));
  assert.equal((await call()).status, 200);
  const subjects = lab.issuer.tokens.server.seen.map(({ body }) => new URLSearchParams(body).get('subject_token'));
  assert.equal(subjects.at(-1), accessToken);
});

test('a secret store that cannot be read – while a gateway runs with a login – lends nothing', async (context) => {
  const { secrets, lab, call } = await startSignedIn(context);
  const before = readFileSync(secrets.path);
  writeFileSync(secrets.path, 'damaged');
  const seen = lab.behind.seen.length;
  assert.equal((await call()).status, 503);
  assert.equal(lab.behind.seen.length, seen);
  writeFileSync(secrets.path, before);
  lab.aheadMs += 10_000;
  assert.equal((await call()).status, 200);
});
