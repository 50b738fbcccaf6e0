import assert from 'node:assert/strict';
import { checkClaims, type Expectations } from '../../../src/authenticators/check-claims.ts';
import { algorithms } from '../../../src/authenticators/jwt/schema.ts';
import { pickTokenClaims } from '../../../src/model/token-claims.ts';
import { isObject, orRefusal, parseJson, type Target } from '../target.ts';

export const expected: Expectations = {
  issuer: 'https://issuer.example/oauth2/as1',
  audience: ['mcpserver', 'other'],
  algorithms,
  clockSkewSeconds: 30,
};
export const nowSeconds = 1_800_000_000;

type Values = Readonly<Record<string, unknown>>;

/** Refused, or every single thing about the token is as it has to be: written here once more, in other words. */
export function check(header: Values, claims: Values): boolean {
  const shown = pickTokenClaims(claims);
  const taken = orRefusal(() => {
    checkClaims({ header, claims }, expected, shown, nowSeconds);
    return true;
  }, ['authenticate']);
  if (taken !== true) return false;
  const { alg, typ, crit, b64, kid } = header;
  assert.ok(typeof alg === 'string' && /^(?:[RPE]S(?:256|384|512)|EdDSA)$/.test(alg));
  assert.ok(typ === undefined || (typeof typ === 'string' && /^(?:application\/)?(?:at\+)?jwt$/i.test(typ)));
  assert.equal(crit ?? b64, undefined);
  assert.ok(kid === undefined || typeof kid === 'string');
  const { iss, aud, sub, exp, nbf = 0, iat = 0, cnf } = claims;
  assert.equal(iss, expected.issuer);
  assert.ok([aud].flat().some((one) => one === 'mcpserver' || one === 'other'));
  assert.ok(typeof sub === 'string' && sub.length > 0);
  assert.ok(Number.isFinite(exp) && Number(exp) > nowSeconds - 30);
  for (const start of [nbf, iat]) assert.ok(typeof start === 'number' && start <= nowSeconds + 30);
  if (cnf !== undefined) {
    // Bound to a key in the one way that is asked about later.
    assert.ok(isObject(cnf) && Object.keys(cnf).join() === 'jkt');
    assert.match(String(cnf['jkt']), /^[\w-]{43}$/);
  }
  return true;
}

const good = {
  iss: expected.issuer,
  aud: 'mcpserver',
  sub: 'alice',
  exp: nowSeconds + 60,
  iat: nowSeconds,
  scp: ['a'],
};

/** A list of a header and claims. */
export const target: Target = {
  seeds: [
    JSON.stringify([{ alg: 'RS256', kid: 'a', typ: 'JWT' }, good]),
    JSON.stringify([
      { alg: 'ES256', typ: 'at+jwt' },
      { ...good, aud: ['x', 'other'], nbf: nowSeconds, cnf: { jkt: 'x'.repeat(43) } },
    ]),
    JSON.stringify([
      { alg: 'EdDSA', crit: ['b64'], b64: false },
      { ...good, cnf: { jkt: 'x' }, scope: 'a b' },
    ]),
    JSON.stringify([{ alg: 'none' }, {}]),
  ],
  fuzz(bytes) {
    const value = parseJson(bytes);
    const [header, claims]: readonly unknown[] = Array.isArray(value) ? value : [];
    if (isObject(header) && isObject(claims)) check(header, claims);
  },
};
