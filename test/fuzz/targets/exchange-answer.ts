import assert from 'node:assert/strict';
import { parseAnswer, type Asked, type IssuedToken } from '../../../src/oauth/parse-answer.ts';
import { isObject, orRefusal, parseJson, type Target } from '../target.ts';

const secret = 'gateway-secret-of-some-length';
export const asked: Asked = {
  url: 'https://issuer.example/token',
  audience: ['backend'],
  scopes: ['backend-api:read'],
  callerToken: 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.Y2FsbGVy',
  secrets: [secret],
  nowMs: 1_800_000_000_000,
};

/** Refused, or a token that can stand in a header, was asked for, is not over, and is not the caller's own. */
export function check(body: unknown): IssuedToken | undefined {
  const token = orRefusal(() => {
    try {
      return parseAnswer(body, asked);
    } catch (error) {
      if (error instanceof Error && 'hint' in error)
        assert.ok(!String(error.hint).includes(secret), 'the secret is quoted');
      throw error;
    }
  }, ['exchange']);
  if (token === undefined) return undefined;
  assert.ok(isObject(body));
  const { upstreamToken, claims, expiresAtMs, extraScopes } = token;
  assert.equal(upstreamToken, body['access_token']);
  assert.match(upstreamToken, /^[\u0021-\u007e]+$/);
  assert.notEqual(upstreamToken, asked.callerToken);
  assert.equal(String(body['token_type']).toLowerCase(), 'bearer');
  assert.match(String(body['issued_token_type']), /:(?:access_token|jwt)$/);
  assert.equal(body['error'], undefined);
  if (expiresAtMs !== undefined) assert.ok(expiresAtMs > asked.nowMs);
  if (claims !== undefined) assert.ok([claims.aud].flat().includes('backend'));
  for (const granted of [claims?.scp, typeof body['scope'] === 'string' ? body['scope'].split(' ') : undefined]) {
    if (granted !== undefined) assert.ok(granted.includes('backend-api:read'));
  }
  assert.ok(!extraScopes.includes('backend-api:read'));
  return token;
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = (claims: unknown): string => `${part({ alg: 'RS256' })}.${part(claims)}.c2ln`;
const good = {
  access_token: jwt({ aud: 'backend', scp: ['backend-api:read'], exp: 1_800_000_600, sub: 'alice' }),
  issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  token_type: 'Bearer',
  expires_in: 3600,
  scope: 'backend-api:read',
};

/** An answer; claims under `claims` become its token. */
export const target: Target = {
  seeds: [
    JSON.stringify(good),
    JSON.stringify({ ...good, claims: { aud: ['backend', 'x'], scp: 'backend-api:read extra', nbf: 1 } }),
    JSON.stringify({ ...good, access_token: 'opaque', expires_in: '60', scope: undefined }),
    JSON.stringify({ ...good, error: 'x', token_type: secret, access_token: asked.callerToken }),
  ],
  fuzz(bytes) {
    const body = parseJson(bytes);
    check(body);
    if (isObject(body) && 'claims' in body) check({ ...body, access_token: jwt(body['claims']) });
  },
};
