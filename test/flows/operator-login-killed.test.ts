import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { post } from '../kit/call.ts';
import { makeFolder } from '../kit/config-input.ts';
import { startLoginProgram, startSilentServer } from '../kit/login-program.ts';
import { type LoginIssuer, startLoginIssuer } from '../kit/start-login-lab.ts';
import { until } from '../kit/until.ts';

/** The gateway as a process of its own: it can be killed. */
function start(context: TestContext, home: string, { issuer, target }: { issuer: LoginIssuer; target: string }) {
  const flags = `--remote-auth-callback-port 0 --remote-auth-issuer ${issuer.issuer} --remote-auth-client-id operator-client`;
  return startLoginProgram(context, { name: 'behind', target, home, flags });
}

describe('a gateway that is killed while it refreshes', () => {
  for (const hasGrace of [true, false]) {
    const wanted = hasGrace ? 'refreshes with the same token' : 'asks the person to sign in';
    const kind = hasGrace ? 'takes a spent refresh token once more' : 'takes no spent refresh token';
    test(`the provider ${kind} – the next one ${wanted}, and what is kept is whole`, async (context) => {
      const home = makeFolder(context);
      await using issuer = await startLoginIssuer();
      await using behind = await startSilentServer();
      issuer.lifeSeconds = 1;
      const place = { issuer, target: `${behind.url}/mcp` };
      const first = start(context, home, place);
      assert.equal((await fetch(await first.signInUrl())).status, 200);
      const { url, callerToken } = await first.ready();

      const isHeld = Promise.withResolvers<undefined>();
      issuer.bendTokens = (_, form) => {
        if (hasGrace) issuer.refreshTokens.add(form.get('refresh_token') ?? '');
        isHeld.resolve(undefined);
        // It never answers: the process is killed before.
        return new Promise<void>(() => {});
      };
      const calls = until(async () => {
        await post(url, callerToken).catch(() => undefined);
        return issuer.grants().includes('refresh_token');
      });
      await isHeld.promise;
      first.child.kill('SIGKILL');
      await first.exited;
      await calls;

      issuer.bendTokens = () => {};
      issuer.lifeSeconds = 3600;
      const second = start(context, home, place);
      if (!hasGrace) {
        assert.equal((await fetch(await second.signInUrl())).status, 200);
      }
      const again = await second.ready();
      assert.equal(second.output().stderr.includes('Sign in'), !hasGrace);
      assert.equal(again.callerToken, callerToken);
      assert.equal((await post(again.url, again.callerToken)).status, 200);
    });
  }
});
