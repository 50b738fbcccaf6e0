import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';
import {
  callThrough,
  exchangeFlags,
  followOnDevice,
  startLoginProgram,
  startSilentServer,
  type LoginProgram,
} from '../kit/login-program.ts';
import { signInAt } from '../kit/sign-in-at.ts';
import type { TestServer } from '../kit/start-http-server.ts';
import { startTestIdp, type TestIdp } from '../kit/start-test-idp.ts';

/** `usher proxy --remote-auth` on a machine without a browser, at the development provider: nothing of it is outside this machine. */
describe('signing in on another device, at usher idp', () => {
  let idp: TestIdp;
  let behind: TestServer;
  before(async () => {
    idp = await startTestIdp((seed) => {
      seed['lifetimes'] = { devicePollSeconds: 1 };
      for (const app of seed.apps)
        if (app.clientId === 'vscode') app['redirectUris'] = ['http://localhost:8666/callback'];
    });
    behind = await startSilentServer();
  });
  after(async () => {
    await idp[Symbol.asyncDispose]();
    await behind[Symbol.asyncDispose]();
  });

  const start = (context: TestContext, login: string) =>
    startLoginProgram(context, {
      target: behind.url,
      flags: `--ca-file ${idp.idp.caFile} --remote-auth-issuer ${idp.server('mcpserver').issuer}
        --remote-auth-scopes mcp:tools:call,openid ${exchangeFlags(idp)} ${login}`,
    });

  async function assertCalls(usher: LoginProgram): Promise<void> {
    const { sub, aud } = await callThrough(usher, behind);
    assert.deepEqual([sub, aud], ['alice@example.com', 'backend']);
  }

  test('the person types the code in and signs in – calls go on with the API’s token for them', async (context) => {
    const usher = start(context, '--remote-auth-client-id demo --remote-auth-flow device');
    assert.match(await followOnDevice(usher), /You are signed in/);
    await assertCalls(usher);
  });

  test('no client and no browser – Usher registers one that may, and shows a code by itself', async (context) => {
    const usher = start(context, '');
    assert.match(await followOnDevice(usher), /You are signed in/);
    await assertCalls(usher);
  });

  test('the person says no – one sentence, exit code 7', async (context) => {
    const usher = start(context, '--remote-auth-client-id demo --remote-auth-flow device');
    assert.match(await followOnDevice(usher, { says: 'no' }), /not let in/);
    assert.equal(await usher.exited, 7, usher.output().stderr);
    assert.match(usher.output().stderr, /the provider answered access_denied/);
  });

  const secret = '--remote-auth-client-secret vscode-development-secret';

  test('a client that may not, and no browser – the address instead, where nobody asked for a code', async (context) => {
    const usher = start(context, `--remote-auth-client-id vscode ${secret}`);
    assert.equal((await signInAt(await usher.signInUrl())).status, 200);
    await assertCalls(usher);
  });

  test('a client that may not, where a code was asked for – says so', async (context) => {
    const usher = start(context, `--remote-auth-client-id vscode ${secret} --remote-auth-flow device`);
    assert.equal(await usher.exited, 7, usher.output().stderr);
    assert.match(usher.output().stderr, /the provider answered unauthorized_client/);
  });
});
