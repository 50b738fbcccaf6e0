import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openSecretStore } from '../../src/secrets/open-secret-store.ts';
import { post } from '../kit/call.ts';
import { makeFolder } from '../kit/config-input.ts';
import { DeviceVisitor, type DevicePerson } from '../kit/device-visitor.ts';
import { startProgram } from '../kit/run-program.ts';
import { signInAt, findSignInUrl } from '../kit/sign-in-at.ts';
import { sendJson, startHttpServer, type TestServer } from '../kit/start-http-server.ts';
import { claimsOf, startTestIdp, type TestIdp } from '../kit/start-test-idp.ts';

const launcher = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));

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
    behind = await startHttpServer((_, response) => sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: {} }));
  });
  after(async () => {
    await idp[Symbol.asyncDispose]();
    await behind[Symbol.asyncDispose]();
  });

  function start(context: TestContext, login: string) {
    const home = makeFolder(context);
    const env = { HOME: home, USHER_SECRETS_KEY: 'file', DISPLAY: '', WAYLAND_DISPLAY: '', BROWSER: '' };
    const words = `proxy demo-mcp-server --target-uri ${behind.url} --port 0 --ca-file ${idp.idp.caFile}
      --remote-auth --remote-auth-issuer ${idp.server('mcpserver').issuer} --remote-auth-scopes mcp:tools:call,openid
      --token-exchange-audience backend --token-exchange-client-id gateway
      --token-exchange-client-secret gateway-development-secret --token-exchange-scopes backend-api:read
      --token-exchange-url ${idp.server('backend').tokenUrl} ${login}`;
    const usher = startProgram([process.execPath, launcher, ...words.trim().split(/\s+/)], { env });
    context.after(() => usher[Symbol.asyncDispose]());
    return { ...usher, callerToken: () => openSecretStore(env).find('caller/demo-mcp-server')?.reveal() };
  }

  /** Does on another device what the gateway says. */
  async function follow(usher: ReturnType<typeof start>, more: Partial<DevicePerson> = {}): Promise<string> {
    await usher.said('and give the code', 60_000);
    const { stderr } = usher.output();
    const url = /Sign in on any device at\n\n {2}(\S+)\n/.exec(stderr)?.[1] ?? '';
    const userCode = /and give the code\n\n {2}(\S+)\n/.exec(stderr)?.[1] ?? '';
    return await new DeviceVisitor().signIn(url, {
      userCode,
      username: 'alice@example.com',
      password: 'alice',
      ...more,
    });
  }

  async function assertCalls(usher: ReturnType<typeof start>): Promise<void> {
    await usher.said(/demo-mcp-server +http/, 60_000);
    const url = /(http:\/\/(?:localhost|127\.0\.0\.1):\d+\/mcp)/.exec(usher.output().stderr)?.[1] ?? '';
    const seen = behind.seen.length;
    const answer = await post(url, usher.callerToken());
    assert.equal(answer.status, 200, await answer.text());
    const { sub, aud } = claimsOf(behind.seen[seen]?.headers.authorization?.replace('Bearer ', ''));
    assert.deepEqual([sub, aud], ['alice@example.com', 'backend']);
  }

  test('the person types the code in and signs in – calls go on with the API’s token for them', async (context) => {
    const usher = start(context, '--remote-auth-client-id demo --remote-auth-flow device');
    assert.match(await follow(usher), /You are signed in/);
    await assertCalls(usher);
  });

  test('no client and no browser – Usher registers one that may, and shows a code by itself', async (context) => {
    const usher = start(context, '');
    assert.match(await follow(usher), /You are signed in/);
    await assertCalls(usher);
  });

  test('the person says no – one sentence, exit code 7', async (context) => {
    const usher = start(context, '--remote-auth-client-id demo --remote-auth-flow device');
    assert.match(await follow(usher, { says: 'no' }), /not let in/);
    assert.equal(await usher.exited, 7, usher.output().stderr);
    assert.match(usher.output().stderr, /the provider answered access_denied/);
  });

  const secret = '--remote-auth-client-secret vscode-development-secret';

  test('a client that may not, and no browser – the address instead, where nobody asked for a code', async (context) => {
    const usher = start(context, `--remote-auth-client-id vscode ${secret}`);
    await usher.said('Sign in with a browser at', 60_000);
    assert.equal((await signInAt(findSignInUrl(usher.output().stderr))).status, 200);
    await assertCalls(usher);
  });

  test('a client that may not, where a code was asked for – says so', async (context) => {
    const usher = start(context, `--remote-auth-client-id vscode ${secret} --remote-auth-flow device`);
    assert.equal(await usher.exited, 7, usher.output().stderr);
    assert.match(usher.output().stderr, /the provider answered unauthorized_client/);
  });
});
