import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeDpopClient } from '../../../test/kit/dpop-client.ts';
import { identity } from '../../../test/kit/start-exchange.ts';
import { UsherError } from '../../model/usher-error.ts';
import { buildProofCheck } from './build-proof-check.ts';
import { buildReplayMemory, type ReplayStore } from './replay-memory.ts';
import { dpopSchema } from './schema.ts';

const url = 'https://gateway.example.com/mcp';

function start(settings: { nonces?: boolean } = {}, replays?: ReplayStore) {
  const scene = { nowMs: 1_700_000_000_000 };
  const now = () => scene.nowMs;
  const client = makeDpopClient('ES256', now);
  const { caller } = identity(scene.nowMs);
  const check = buildProofCheck(dpopSchema.parse(settings), {
    resourceUrl: url,
    clockSkewSeconds: 30,
    replays: replays ?? buildReplayMemory({ now }),
    now,
  });
  const proof = (claims: Record<string, unknown> = {}) =>
    client.proof({ url }, { claims: { ath: caller.tokenDigest, ...claims } });
  const send = (one: string) => check.check({ proofs: [one], method: 'POST', caller: { ...caller, jkt: client.jkt } });
  return { scene, proof, send };
}

const isCode = (code: string, nonce?: string) => (error: unknown) =>
  error instanceof UsherError && error.code === code && (nonce === undefined || error.nonce === nonce);

function nonceOf(send: () => unknown): string {
  try {
    send();
  } catch (error) {
    if (error instanceof UsherError && error.nonce !== undefined) return error.nonce;
    throw error;
  }
  throw new Error('no nonce was asked for');
}

test('proof – of the first and last moment of its window – is taken, one beyond is not', () => {
  const all = start();
  const old = all.proof();
  const stale = all.proof();
  all.scene.nowMs += 89_999;
  assert.equal(all.send(old), undefined);
  all.scene.nowMs += 1;
  assert.throws(() => all.send(stale), isCode('dpop_proof_invalid'));
  const seconds = all.scene.nowMs / 1000;
  assert.equal(all.send(all.proof({ iat: Math.floor(seconds) + 30 })), undefined);
  assert.throws(() => all.send(all.proof({ iat: Math.ceil(seconds) + 31 })), isCode('dpop_proof_invalid'));
});

test('proof – used, and its clock ahead – is remembered until nobody could use it again', () => {
  const all = start();
  const early = all.proof({ iat: all.scene.nowMs / 1000 + 30 });
  assert.equal(all.send(early), undefined);
  all.scene.nowMs += 119_000;
  assert.throws(() => all.send(early), /it was used before/);
  all.scene.nowMs += 1_000;
  assert.throws(() => all.send(early), /it is too old/);
});

test('nonces – a proof without, with another or an old one – is given the one to use', () => {
  const all = start({ nonces: true });
  const nonce = nonceOf(() => all.send(all.proof()));
  assert.throws(() => all.send(all.proof({ nonce: 'guessed' })), isCode('dpop_nonce_needed', nonce));
  assert.equal(all.send(all.proof({ nonce })), undefined);
  all.scene.nowMs += 60_000;
  const next = all.send(all.proof({ nonce }));
  assert.ok(typeof next === 'string' && next !== nonce, 'a nonce at its end still works, and brings the next');
  assert.equal(all.send(all.proof({ nonce: next })), undefined);
  all.scene.nowMs += 60_000;
  assert.throws(() => all.send(all.proof({ nonce })), isCode('dpop_nonce_needed'));
});

test('nonces – of another gateway or of one before a restart – are not taken', () => {
  const [one, other] = [start({ nonces: true }), start({ nonces: true })];
  const nonce = nonceOf(() => one.send(one.proof()));
  assert.throws(() => other.send(other.proof({ nonce })), isCode('dpop_nonce_needed'));
});

test('a proof that is refused – is not remembered: nobody can fill the memory without a key', () => {
  const keys: string[] = [];
  const all = start({ nonces: true }, { isNew: (key) => keys.push(key) > 0 });
  for (const claims of [{ htm: 'GET' }, { ath: 'x' }, {}]) assert.throws(() => all.send(all.proof(claims)), UsherError);
  assert.deepEqual(keys, []);
});

test('a store that answers later – is waited for', async () => {
  const all = start({}, { isNew: () => Promise.resolve(false) });
  await assert.rejects(async () => all.send(all.proof()), isCode('dpop_proof_invalid'));
});
