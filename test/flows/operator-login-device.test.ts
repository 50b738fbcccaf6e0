import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UsherError } from '../../src/model/usher-error.ts';
import { post } from '../kit/call.ts';
import { sendJson } from '../kit/start-http-server.ts';
import { type LoginIssuer, startLoginIssuer, startLoginLab } from '../kit/start-login-lab.ts';

const grant = 'urn:ietf:params:oauth:grant-type:device_code';

/** An issuer that takes codes typed in elsewhere; it answers the polls like this, one after the other, then with tokens. */
async function startDeviceIssuer(answers: readonly string[], changes: object = {}): Promise<LoginIssuer> {
  const issuer = await startLoginIssuer();
  const url = `${issuer.issuer}/device`;
  issuer.metadata = { device_authorization_endpoint: url };
  const usual = issuer.tokens.onOther;
  issuer.tokens.onOther = (request, response) => {
    if (!request.url.endsWith('/device')) return usual(request, response);
    sendJson(response, 200, {
      device_code: 'the-device-code',
      user_code: 'WDJB-MJHT',
      verification_uri: 'https://issuer.example/activate',
      verification_uri_complete: 'https://issuer.example/activate?user_code=WDJB-MJHT',
      expires_in: 600,
      interval: 0.01,
      ...changes,
    });
    return true;
  };
  const left = [...answers];
  issuer.bendTokens = (tokens, form) => {
    const error = form.get('grant_type') === grant ? left.shift() : undefined;
    if (error !== undefined) Object.assign(tokens, { error });
  };
  return issuer;
}

describe('signing in on another device (RFC 8628)', () => {
  test('the person types the code in – polled until then, and calls go on as them', async () => {
    await using issuer = await startDeviceIssuer(['authorization_pending', 'authorization_pending']);
    await using lab = await startLoginLab({ issuer, remoteAuth: { flow: 'device' } });
    assert.deepEqual(lab.opened, []);
    assert.match(lab.told.join('\n'), /https:\/\/issuer\.example\/activate\n\nand give the code\n\n {2}WDJB-MJHT/);
    assert.deepEqual(issuer.grants(), [grant, grant, grant]);
    const asked = issuer.tokens.server.seen.find(({ url }) => url.endsWith('/device'));
    const form = new URLSearchParams(asked?.body);
    assert.deepEqual(
      ['client_id', 'scope', 'code_challenge_method'].map((name) => form.get(name)),
      ['operator-client', 'mcp:tools:call', 'S256'],
    );
    assert.equal((await post(lab.gateway.mcpUrl, lab.callerToken)).status, 200);
  });
  test('codes and addresses with orders to the terminal – are shown without them', async () => {
    await using issuer = await startDeviceIssuer([], {
      user_code: 'WDJB\u001b[2J-MJHT',
      verification_uri: 'https://issuer.example/\u001b]0;title\u0007activate',
    });
    await using lab = await startLoginLab({ issuer, remoteAuth: { flow: 'device' } });
    const told = lab.told.join('\n');
    assert.ok(!told.includes('\u001b'), JSON.stringify(told));
    assert.match(told, /https:\/\/issuer\.example\/activate\n\nand give the code\n\n {2}WDJB-MJHT/);
  });
  test('the provider wants it slower – is asked five seconds later', async () => {
    await using issuer = await startDeviceIssuer(['slow_down']);
    const startedAtMs = performance.now();
    await using _ = await startLoginLab({ issuer, remoteAuth: { flow: 'device' } });
    assert.ok(performance.now() - startedAtMs >= 5_000);
  });
  const refusals = [
    ['access_denied', /the provider answered access_denied/],
    ['expired_token', /the provider answered expired_token/],
  ] as const;
  for (const [error, wanted] of refusals) {
    test(`the provider says ${error} – login_failed, and it is not asked again`, async () => {
      await using issuer = await startDeviceIssuer([error]);
      await assert.rejects(startLoginLab({ issuer, remoteAuth: { flow: 'device' } }), (thrown) => {
        assert.ok(thrown instanceof UsherError && thrown.code === 'login_failed');
        assert.match(thrown.message, wanted);
        return true;
      });
      assert.equal(issuer.grants().length, 1);
    });
  }
  test('nobody types it in – login_failed when the time is over', async () => {
    await using issuer = await startDeviceIssuer(Array.from({ length: 10_000 }, () => 'authorization_pending'));
    await assert.rejects(startLoginLab({ issuer, remoteAuth: { flow: 'device', timeoutSeconds: 0.2 } }), (thrown) => {
      assert.ok(thrown instanceof UsherError);
      assert.match(thrown.message, /nobody signed in with the code within 0\.2 s/);
      return true;
    });
  });
  test('a provider that has no such endpoint – says so', async () => {
    await using issuer = await startLoginIssuer();
    await assert.rejects(startLoginLab({ issuer, remoteAuth: { flow: 'device' } }), (thrown) => {
      assert.ok(thrown instanceof UsherError);
      assert.match(thrown.message, /no endpoint for signing in on another device/);
      return true;
    });
  });
});
