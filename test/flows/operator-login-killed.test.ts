import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openSecretStore } from '../../src/secrets/open-secret-store.ts';
import { post } from '../kit/call.ts';
import { makeFolder } from '../kit/config-input.ts';
import { startProgram } from '../kit/run-program.ts';
import { findSignInUrl } from '../kit/sign-in-at.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { type LoginIssuer, startLoginIssuer } from '../kit/start-login-lab.ts';
import { until } from '../kit/until.ts';

const launcher = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));

/** The gateway as a process of its own: it can be killed. */
function start(context: TestContext, home: string, { issuer, target }: { issuer: LoginIssuer; target: string }) {
  const env = { HOME: home, USHER_SECRETS_KEY: 'file', USHER_AUDIT_FILE: join(home, 'audit.jsonl') };
  const words = ['proxy', 'behind', '--target-uri', target, '--port', '0', '--remote-auth-callback-port', '0'];
  const login = ['--remote-auth', '--remote-auth-issuer', issuer.issuer, '--remote-auth-client-id', 'operator-client'];
  const usher = startProgram([process.execPath, launcher, ...words, ...login], { env });
  context.after(() => usher[Symbol.asyncDispose]());
  return {
    ...usher,
    async ready() {
      await usher.said(/behind +http/, 60_000);
      const url = /(http:\/\/localhost:\d+\/mcp)/.exec(usher.output().stderr)?.[1] ?? '';
      return { url, callerToken: openSecretStore(env).find('caller/behind')?.reveal() };
    },
  };
}

describe('a gateway that is killed while it refreshes', () => {
  for (const hasGrace of [true, false]) {
    const wanted = hasGrace ? 'refreshes with the same token' : 'asks the person to sign in';
    const kind = hasGrace ? 'takes a spent refresh token once more' : 'takes no spent refresh token';
    test(`the provider ${kind} – the next one ${wanted}, and what is kept is whole`, async (context) => {
      const home = makeFolder(context);
      await using issuer = await startLoginIssuer();
      await using behind = await startHttpServer((_, response) =>
        sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: {} }),
      );
      issuer.lifeSeconds = 1;
      const place = { issuer, target: `${behind.url}/mcp` };
      const first = start(context, home, place);
      await first.said('Sign in with a browser at', 60_000);
      assert.equal((await fetch(findSignInUrl(first.output().stderr))).status, 200);
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
        await second.said('Sign in with a browser at', 60_000);
        assert.equal((await fetch(findSignInUrl(second.output().stderr))).status, 200);
      }
      const again = await second.ready();
      assert.equal(second.output().stderr.includes('Sign in'), !hasGrace);
      assert.equal(again.callerToken, callerToken);
      assert.equal((await post(again.url, again.callerToken)).status, 200);
    });
  }
});
