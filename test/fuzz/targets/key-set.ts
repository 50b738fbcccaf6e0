import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { pickUsableKeys, type UsableKey } from '../../../src/oauth/keys/pick-usable-keys.ts';
import { isObject, parseJson, type Target } from '../target.ts';

/** Never throws; what is left are members of the set, public, readable and strong. */
export function check(body: unknown): readonly UsableKey[] {
  const keys = pickUsableKeys(body);
  if (keys.length > 0) assert.ok(isObject(body) && Array.isArray(body['keys']));
  for (const jwk of keys) {
    assert.ok(['RSA', 'EC', 'OKP'].includes(jwk.kty));
    assert.ok(!('d' in jwk) && !('k' in jwk && jwk.kty === 'RSA' && !('n' in jwk)));
    assert.ok(jwk.use === undefined || jwk.use === 'sig');
    const { asymmetricKeyDetails, type } = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    assert.equal(type, 'public');
    if (jwk.kty === 'RSA') assert.ok(Number(asymmetricKeyDetails?.modulusLength) >= 2048);
  }
  return keys;
}

const n = `${'u'.repeat(341)}Q`;

export const target: Target = {
  seeds: [
    JSON.stringify({ keys: [{ kty: 'RSA', n, e: 'AQAB', alg: 'RS256', use: 'sig', kid: 'a' }] }),
    JSON.stringify({ keys: [{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }] }),
    JSON.stringify({
      keys: [
        {
          kty: 'EC',
          crv: 'P-256',
          x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
          y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
        },
        { kty: 'oct', k: 'AAAA' },
      ],
    }),
    '{"keys":[]}',
  ],
  fuzz: (bytes) => void check(parseJson(bytes)),
};
