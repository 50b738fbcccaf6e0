import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { post } from '../kit/call.ts';
import { freePort } from '../kit/free-port.ts';
import { type LoginLab, startLoginIssuer, startLoginLab } from '../kit/start-login-lab.ts';
import { until } from '../kit/until.ts';

const lifeSeconds = 300;

/** A gateway whose login has to be refreshed from now on. */
async function startEnded() {
  const issuer = await startLoginIssuer(lifeSeconds);
  const lab = await startLoginLab({ issuer });
  lab.aheadMs = lifeSeconds * 1000;
  return {
    lab,
    async [Symbol.asyncDispose]() {
      await lab[Symbol.asyncDispose]();
      await issuer[Symbol.asyncDispose]();
    },
  };
}

/** The same server, signed in at in another way. */
const changed = ({ server }: LoginLab): LoginLab['server'] => ({
  ...server,
  remoteAuth: { ...server.remoteAuth, timeoutSeconds: 7 },
});

async function call({ gateway, callerToken }: LoginLab): Promise<number> {
  const answer = await post(gateway.mcpUrl, callerToken);
  await answer.text();
  return answer.status;
}

describe('a reload while somebody is signed in', () => {
  test('one that is refused – the login of before is refreshed as before', async () => {
    await using all = await startEnded();
    const { lab } = all;
    const { gateway } = lab;
    const credential = {
      strategy: 'token-exchange' as const,
      url: lab.issuer.tokens.tokenUrl,
      clientId: 'gateway',
      audience: ['backend'],
      clientAuthentication: 'private_key_jwt' as const,
      clientKeyFile: '/not/there.pem',
    };
    const broken = () => gateway.configure({ apollo: { ...changed(lab), credential } });
    assert.equal(await gateway.reload(broken), false);
    assert.equal(await call(lab), 200);
    assert.equal(await gateway.reload(() => gateway.configure({ apollo: lab.server })), true);
    lab.aheadMs *= 2;
    assert.equal(await call(lab), 200);
  });

  test('one that changes how to sign in – what is kept serves on', async () => {
    await using all = await startEnded();
    const { lab } = all;
    assert.equal(await lab.gateway.reload(() => lab.gateway.configure({ apollo: changed(lab) })), true);
    assert.equal(await call(lab), 200);
    assert.equal(lab.opened.length, 1);
  });

  test('one that takes the server away – nobody waits for a sign-in any more', async () => {
    await using issuer = await startLoginIssuer();
    const callbackPort = await freePort();
    await using lab = await startLoginLab({ issuer, remoteAuth: { callbackPort } });
    const { gateway } = lab;
    issuer.refreshTokens.clear();
    lab.aheadMs = 3_600_000;
    assert.equal(await call(lab), 503);
    await until(() => lab.told.length > 1);
    const listens = () =>
      fetch(`http://127.0.0.1:${callbackPort}/callback`).then(
        () => true,
        () => false,
      );
    assert.equal(await listens(), true);
    const other = {
      ...lab.server,
      authenticate: [{ strategy: 'anonymous' as const }],
      remoteAuth: undefined,
      credential: { strategy: 'none' as const },
    };
    assert.equal(await gateway.reload(() => gateway.configure({ other })), true);
    await until(async () => !(await listens()));
  });

  test('the token of callers was taken out of the store – it is not put back', async () => {
    await using lab = await startLoginLab();
    await lab.secrets.remove('caller/apollo');
    assert.equal(await lab.gateway.reload(() => lab.gateway.configure({ apollo: changed(lab) })), true);
    assert.equal(lab.secrets.find('caller/apollo'), undefined);
    assert.equal(await call(lab), 200, 'it holds until the gateway is started anew');
  });
});
