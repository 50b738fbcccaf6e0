import assert from 'node:assert/strict';
import { checkIntrospected } from '../../../src/authenticators/introspection/check-introspected.ts';
import { sendIntrospection } from '../../../src/authenticators/introspection/send-introspection.ts';
import type { HttpClient } from '../../../src/lib/http-client.ts';
import { pickTokenClaims } from '../../../src/model/token-claims.ts';
import { UsherError } from '../../../src/model/usher-error.ts';
import { buildClientAuthentication } from '../../../src/oauth/client-authentication/build-client-authentication.ts';
import { Secret } from '../../../src/model/secret.ts';
import { collectLog } from '../../kit/collect-log.ts';
import { isObject, orRefusal, orRefusalLater, parseJson, type Target } from '../target.ts';

const issuer = 'https://issuer.example/oauth2/as1';
const url = `${issuer}/introspect`;
const secret = 'gateway-secret-of-some-length';
const callerToken = 'opaque-token-of-a-caller';
const expected = { issuer, audience: ['mcpserver'], clockSkewSeconds: 30, acceptUntyped: false };
const nowSeconds = 1_800_000_000;
const client = buildClientAuthentication(
  { clientId: 'gateway', clientSecret: new Secret(secret), clientAuthentication: 'client_secret_post' },
  { log: collectLog().log, now: () => nowSeconds * 1000, name: 'fuzz' },
);

/** Refused without a word of the secrets, not active, or everything about the token is as it has to be. */
async function check(body: Buffer, status: number): Promise<void> {
  const http: HttpClient = {
    send: () => Promise.resolve(new Response(new Uint8Array(body), { status })),
    close: () => Promise.resolve(),
  };
  const answer = await orRefusalLater(async () => {
    try {
      return await sendIntrospection(callerToken, {
        issuer,
        url,
        client,
        timeoutMs: 1_000,
        http,
        nowMs: nowSeconds * 1000,
      });
    } catch (error) {
      if (error instanceof UsherError)
        for (const one of [secret, callerToken]) assert.ok(!`${error.message} ${error.hint}`.includes(one), one);
      throw error;
    }
  }, ['authenticate']);
  if (answer === undefined) return;
  assert.equal(status, 200);
  const { claims: said } = answer;
  assert.equal(said['active'], true);
  const claims = orRefusal(
    () => checkIntrospected(said, expected, pickTokenClaims(said), nowSeconds),
    ['authenticate'],
  );
  if (claims === undefined) return;
  const { iss, aud, sub, exp, nbf = 0, iat = 0, cnf, token_type: type, typ, token_use: use } = claims;
  assert.equal(iss, issuer);
  assert.ok([aud].flat().includes('mcpserver'));
  assert.ok(typeof sub === 'string' && sub !== '');
  assert.ok(typeof exp === 'number' && exp > nowSeconds - 30);
  for (const start of [nbf, iat]) assert.ok(typeof start === 'number' && start <= nowSeconds + 30);
  if (cnf !== undefined) assert.deepEqual(Object.keys(Object(cnf)), ['jkt']);
  assert.ok(type !== undefined || typ !== undefined || use !== undefined);
  assert.ok(type === undefined || (typeof type === 'string' && /^(?:bearer|dpop|.*access_token)$/i.test(type)));
  // Whoever may bear it is asked for no proof.
  if (cnf === undefined) assert.ok(typeof type !== 'string' || type.toLowerCase() !== 'dpop');
}

const good = { active: true, iss: issuer, aud: 'mcpserver', sub: 'alice', exp: nowSeconds + 60, token_type: 'Bearer' };

/** An answer; an object with a status is that status' body. */
export const target: Target = {
  seeds: [
    JSON.stringify(good),
    JSON.stringify({ ...good, iss: undefined, aud: ['x', 'mcpserver'], scope: 'a b', nbf: nowSeconds, typ: 'Bearer' }),
    JSON.stringify({ ...good, token_use: 'id', cnf: {} }),
    JSON.stringify({ ...good, token_type: 'DPoP', cnf: { jkt: 'x'.repeat(43) } }),
    '{"active":false}',
    JSON.stringify({ status: 401, error: secret, error_description: `${callerToken} is not for you` }),
    '[]',
  ],
  async fuzz(bytes) {
    await check(bytes, 200);
    const body = parseJson(bytes);
    if (isObject(body) && [400, 401, 403, 404, 429, 503].includes(Number(body['status'])))
      await check(bytes, Number(body['status']));
  },
};
