import assert from 'node:assert/strict';
import { buildProofCheck } from '../../../src/authenticators/dpop/build-proof-check.ts';
import { dpopSchema } from '../../../src/authenticators/dpop/schema.ts';
import { makeDpopClient } from '../../kit/dpop-client.ts';
import { identity } from '../../kit/start-exchange.ts';
import { orRefusal, type Target } from '../target.ts';

const nowMs = 1_800_000_000_000;
const url = 'http://localhost:8000/mcp';
const client = makeDpopClient('ES256', () => nowMs);
const caller = { ...identity(nowMs).caller, jkt: client.jkt };
const proof = (claims: Record<string, unknown> = {}) =>
  client.proof({ url }, { claims: { ath: caller.tokenDigest, ...claims } });
const good = proof();

/** The bytes of a header. Only what the client signed is taken, and that once for each check. */
export const target: Target = {
  seeds: [good, proof({ htm: 'GET' }), proof({ nonce: 'n' }), good.slice(0, -6), `${good}.x`, 'a.b.c'],
  fuzz(bytes) {
    const text = bytes.toString('latin1');
    const check = buildProofCheck(dpopSchema.parse({}), {
      resourceUrl: url,
      clockSkewSeconds: 30,
      replays: { isNew: () => true },
      now: () => nowMs,
    });
    const taken = orRefusal(
      () => check.check({ proofs: [text], method: 'POST', caller }) === undefined,
      ['authenticate'],
    );
    if (taken !== true) return;
    // Another spelling of the signature is the same proof; header and claims are what was signed.
    const signed = text.slice(0, text.lastIndexOf('.') + 1);
    assert.ok(target.seeds.some((seed) => seed.startsWith(signed)));
  },
};
