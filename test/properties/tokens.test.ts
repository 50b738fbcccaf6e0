import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { algorithms } from '../../src/authenticators/jwt/schema.ts';
import { quoteValue } from '../../src/authenticators/quote-value.ts';
import { check as checkClaims, expected, nowSeconds } from '../fuzz/targets/claims.ts';
import { check as checkParts } from '../fuzz/targets/jwt-parts.ts';
import { check as checkKeys } from '../fuzz/targets/key-set.ts';
import { check as checkMetadata } from '../fuzz/targets/metadata.ts';
import { anyJson, anyText, property } from '../kit/property.ts';
import { encodePart, makeSigningKey } from '../kit/signing-key.ts';

property('parts of a token – any text – two objects, or a reason that quotes nothing', anyText, (text) => {
  checkParts(text);
  checkParts(`${encodePart('{}')}.${encodePart('{}')}.${text}`);
});

property(
  'parts of a token – any two JSON values – taken exactly when both are objects',
  fc.tuple(anyJson, anyJson),
  ([header, claims]) => {
    const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
    const parts = checkParts(`${encodePart(JSON.stringify(header))}.${encodePart(JSON.stringify(claims))}.c2ln`);
    assert.equal(parts !== undefined, isObject(header) && isObject(claims));
  },
);

/** The right value more often than not, so that the next check is reached as well. */
const mostly = (right: unknown, others: fc.Arbitrary<unknown> = anyJson): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(right) }, { weight: 1, arbitrary: others });
const aTime = fc.oneof(
  fc.double(),
  fc.integer({ min: nowSeconds - 100, max: nowSeconds + 100 }),
  fc.constantFrom(undefined, '9999999999', Infinity),
);

const header = fc.record({
  alg: fc.oneof(fc.constantFrom(...algorithms), fc.constantFrom(...algorithms), anyText),
  typ: mostly('at+jwt'),
  kid: mostly('a'),
  crit: mostly(undefined),
  b64: mostly(undefined),
});
const claims = fc.record({
  iss: mostly(expected.issuer),
  aud: mostly(['x', 'mcpserver'], fc.oneof(anyJson, fc.constant('other'))),
  sub: mostly('alice'),
  exp: mostly(nowSeconds + 10, aTime),
  nbf: mostly(undefined, aTime),
  iat: mostly(nowSeconds, aTime),
  cnf: mostly(undefined),
  scp: anyJson,
});

let taken = 0;
property(
  'claims – right ones with some that are anything – taken only where every single one is right',
  fc.tuple(header, claims),
  ([one, other]) => {
    if (checkClaims(one, other)) taken += 1;
  },
  1_000,
);
property(
  'claims – the same – some were taken, so that the check says something',
  fc.constant(0),
  () => assert.ok(taken > 0),
  1,
);

property('a quoted value – anything – one short line', anyJson, (value) => {
  const quoted = quoteValue(value);
  assert.ok(quoted.length < 20_000);
  assert.doesNotMatch(quoted, /(?![\u007f-\u009f])\p{Cc}/u);
});

const jwks = ['RS256', 'ES256', 'EdDSA'].map((alg) => makeSigningKey(alg).jwk);
property(
  'a key set – good keys among anything, some with a member that is anything – never throws, keeps what is untouched',
  fc.array(
    fc.oneof(
      anyJson,
      fc
        .tuple(
          fc.constantFrom(...jwks),
          fc.constantFrom('n', 'e', 'x', 'y', 'kty', 'crv', 'use', 'd', 'key_ops'),
          anyJson,
        )
        .map(([jwk, name, value]) => ({ ...jwk, [name]: value })),
    ),
    { maxLength: 5 },
  ),
  (keys) => {
    const left = checkKeys({ keys: [...keys, ...jwks] });
    for (const jwk of jwks) assert.ok(left.some((one) => one['kid'] === jwk.kid && one['x'] === jwk.x));
  },
);
property('a key set – any JSON – never throws', anyJson, (body) => void checkKeys(body));

const addresses = fc.oneof(
  fc.webUrl(),
  anyText,
  fc.constantFrom('http://localhost/keys', 'https://user@evil.example/', 'ftp://a'),
);
property(
  'metadata – an issuer and an address that are anything – an address only of the very issuer, over TLS or on this machine',
  fc.tuple(mostly('https://issuer.example/oauth2/as1', fc.oneof(anyJson, fc.webUrl())), fc.oneof(addresses, anyJson)),
  async ([issuer, jwks_uri]) => void (await checkMetadata(JSON.stringify({ issuer, jwks_uri }))),
);
