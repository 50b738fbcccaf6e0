import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { algorithms } from '../../src/authenticators/jwt/schema.ts';
import { startVerifier } from '../kit/start-verifier.ts';

/** Project Wycheproof's vectors, run in full where a folder of them is at hand (`USHER_WYCHEPROOF`, its `testvectors_v1`):
 * no registry carries those for JSON web signatures. What they attack is in the tests beside this one in any case.
 */
const folder = process.env['USHER_WYCHEPROOF'];

interface Group {
  readonly comment: string;
  readonly private: Record<string, unknown>;
  readonly public?: Record<string, unknown>;
  readonly tests: readonly {
    readonly tcId: number;
    readonly comment: string;
    readonly jws?: string;
    readonly jwe?: string;
    readonly result: 'valid' | 'invalid';
  }[];
}

/** What an issuer would publish of a group's keys; shared secrets as they are, since somebody may publish those as well. */
function published(group: Group): readonly Record<string, unknown>[] {
  const keys = group.public ?? group.private;
  const list = Array.isArray(keys['keys']) ? (keys['keys'] as Record<string, unknown>[]) : [keys];
  return list.map(({ d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...rest }) => rest);
}

/** Is it signed with a key pair, and is the key published for that algorithm? Of RFC 7520's keys the vectors say an
 * algorithm that is not their token's.
 */
function isTakeable(token: string, keys: readonly Record<string, unknown>[]): boolean {
  const { alg } = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { alg: string };
  return algorithms.some((one) => one === alg) && keys.some((key) => (key['alg'] ?? alg) === alg);
}

if (folder === undefined) test("Wycheproof's vectors", { skip: 'USHER_WYCHEPROOF names no folder' });
else {
  const verifier = await startVerifier();
  after(() => verifier[Symbol.asyncDispose]());
  for (const name of ['signature', 'key', 'crypto', 'encryption']) {
    const file = join(folder, `json_web_${name}_test.json`);
    const { testGroups } = JSON.parse(readFileSync(file, 'utf8')) as { testGroups: readonly Group[] };
    for (const group of testGroups) {
      const keys = published(group);
      for (const { tcId, comment, jws, jwe, result } of group.tests) {
        const token = String(jws ?? jwe);
        test(`${name} ${tcId}, ${group.comment}: ${comment} – as it should`, async () => {
          const verdict = await verifier.verdict(token, keys);
          assert.equal(verdict === 'taken', result === 'valid' && isTakeable(token, keys), verdict);
        });
      }
    }
  }
}
