import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { z } from 'zod';
import { parseJson } from '../../src/lib/parse-json.ts';
import { algorithms } from '../../src/authenticators/jwt/schema.ts';
import { runProgram } from '../kit/run-program.ts';
import { startVerifier } from '../kit/start-verifier.ts';

/** Project Wycheproof's vectors, in full: from the folder that `USHER_WYCHEPROOF` names (their `testvectors_v1`), or as the Go
 * module they are published as, which Go keeps in its own cache. What they attack is in the tests beside this one, too.
 */
const found = await findVectors();
const folder = found.folder;

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

if (folder === undefined) test("Wycheproof's vectors", { skip: found.reason });
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

type Vectors =
  { readonly folder: string; readonly reason?: never } | { readonly folder?: never; readonly reason: string };

/** Pinned by version and by the sum of its content. */
async function findVectors(): Promise<Vectors> {
  const named = process.env['USHER_WYCHEPROOF'];
  if (named !== undefined) return { folder: named };
  const module = 'github.com/c2sp/wycheproof@v0.0.0-20260902155932-3fa63dd0344a';
  const sum = 'h1:pNbL2nztRsWfW/ispAwsvcDFxs9Id38uIsR2/Up5G2c=';
  const environment = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  const download = ['go', 'mod', 'download', '-json', module];
  const options = { env: Object.fromEntries(environment), cwd: tmpdir(), timeoutMs: 120_000 };
  const answer = await runProgram(download, options).catch(() => undefined);
  if (answer === undefined) return { reason: 'no go to fetch them with, and USHER_WYCHEPROOF names no folder' };
  const { success, data } = z.object({ Dir: z.string(), Sum: z.string() }).safeParse(parseJson(answer.stdout));
  if (!success) return { reason: `go could not fetch them, and USHER_WYCHEPROOF names no folder` };
  assert.equal(data.Sum, sum, 'the vectors are not the ones that were looked at');
  return { folder: join(data.Dir, 'testvectors_v1') };
}
