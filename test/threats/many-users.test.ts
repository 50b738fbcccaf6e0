import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeJwt } from 'jose';
import { Pool } from 'undici';
import { rawPost } from '../kit/send-raw.ts';
import { findSeed, seededRandom, type SeededRandom } from '../kit/seeded-random.ts';
import { makeSigningKey } from '../kit/signing-key.ts';
import { sendJson } from '../kit/start-http-server.ts';
import { accessTokenType } from '../kit/start-issuer.ts';
import { startTokenLab, type TokenLab } from '../kit/start-token-lab.ts';

/** `USHER_SOAK_CALLS=100000 npm test -- --file-timeout 600 many-users` for a long one. */
const calls = Number(process.env['USHER_SOAK_CALLS'] ?? 20_000);
const seed = findSeed();
const userCount = 200;
/** On a machine that does much else. */
const longestMs = Math.max(170_000, calls * 5);

/** What a user gets whose exchange works, never works, or works every other time. */
type Luck = 'good' | 'denied' | 'flaky';

interface User {
  readonly sub: string;
  readonly luck: Luck;
  callerToken: string;
  /** Of the token: what is exchanged for it says so. */
  jti: string;
  refreshes: number;
}

/** Everything that was not as it has to be, and how much of what there was. */
class Tally {
  readonly wrong: string[] = [];
  readonly counts: Record<string, number> = {};
  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }
  expect(isRight: boolean, what: string): void {
    if (!isRight) this.wrong.push(what);
  }
}

/** Who a token is for and what it came from. */
function readToken(authorization: string | undefined): {
  readonly sub: unknown;
  readonly aud: unknown;
  readonly from: unknown;
} {
  const { sub, aud, from } = decodeJwt(authorization?.slice(7) ?? '');
  return { sub, aud, from };
}

const key = makeSigningKey('ES256');

/** The upstream holds each request's token against what its body says, and answers with the body's id. */
async function startLab(random: SeededRandom, tally: Tally): Promise<TokenLab> {
  const lab = await startTokenLab({
    keys: [key.jwk],
    async respond(request, response) {
      lab.upstream.seen.length = 0;
      const { id, params } = JSON.parse(request.body) as {
        id: string;
        params: { name: string; arguments: { jti: string } };
      };
      const { sub, aud, from } = readToken(request.headers.authorization);
      const isOwn = sub === params.name && aud === 'backend' && from === params.arguments.jti;
      tally.expect(isOwn, `upstream: call of ${params.name} came with a token of ${String(sub)}`);
      tally.count('upstream');
      if (random.below(10) === 0) await sleep(random.below(4));
      sendJson(response, 200, { jsonrpc: '2.0', id, result: { sub } });
    },
  });
  let exchanges = 0;
  lab.issuer.onToken = async (request, response) => {
    lab.issuer.server.seen.length = 0;
    tally.count('exchanges');
    const subjectToken = new URLSearchParams(request.body).get('subject_token') ?? '';
    const { sub = '', jti } = decodeJwt(subjectToken);
    await sleep(random.below(5));
    const luck = luckOf(Number(/\d+/.exec(sub)?.[0]));
    if (luck === 'denied') return sendJson(response, 400, { error: 'access_denied' });
    if (luck === 'flaky' && (exchanges += 1) % 2 === 0) return sendJson(response, 503, {});
    sendJson(response, 200, {
      access_token: lab.token({ key, claims: { sub, aud: 'backend', scp: ['backend-api:read'], from: jti } }),
      issued_token_type: accessTokenType,
      token_type: 'Bearer',
      expires_in: 3600,
    });
  };
  return lab;
}

function luckOf(number: number): Luck {
  if (number % 10 === 3) return 'denied';
  return number % 10 === 7 ? 'flaky' : 'good';
}

/** As after a sign-in or a refresh. */
function giveToken(lab: TokenLab, user: User): void {
  user.refreshes += 1;
  user.jti = `AT.${user.sub}.${user.refreshes}`;
  user.callerToken = lab.token({ key, claims: { sub: user.sub, jti: user.jti } });
}

let made = 0;
function makeCall({ sub, jti }: User): { readonly id: string; readonly text: string } {
  const id = `${sub} ${(made += 1)}`;
  const params = { name: sub, arguments: { jti } };
  return { id, text: JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }) };
}

/** One call over the pool: its own answer, or the refusal its user has to expect. */
async function call(pool: Pool, user: User, tally: Tally): Promise<void> {
  const { id, text } = makeCall(user);
  const { statusCode, body } = await pool.request({
    path: '/mcp',
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${user.callerToken}` },
    body: text,
    idempotent: true,
  });
  const answer = (await body.json()) as { id: string; result?: { sub: string }; error?: { data: { code: string } } };
  tally.count(`answers ${statusCode}`);
  tally.expect(answer.id === id, `caller: call ${id} got the answer of ${answer.id}`);
  if (statusCode === 200) {
    tally.expect(user.luck !== 'denied', `caller: call ${id} was answered, and its user has no access`);
    tally.expect(answer.result?.sub === user.sub, `caller: call ${id} was made as ${answer.result?.sub}`);
    return;
  }
  const allowed = { good: 'none', denied: 'exchange_denied', flaky: 'exchange_unavailable' }[user.luck];
  tally.expect(answer.error?.data.code === allowed, `caller: call ${id} was refused: ${JSON.stringify(answer.error)}`);
}

/** A caller that hangs up before, while or after its call is answered. */
async function callAndLeave(port: number, user: User, random: SeededRandom): Promise<void> {
  const { text } = makeCall(user);
  const bytes = rawPost([`authorization: Bearer ${user.callerToken}`], text);
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(random.below(4) === 0 ? bytes.slice(0, random.below(bytes.length)) : bytes);
  await sleep(random.below(8));
  socket.resetAndDestroy();
}

async function assertRecords(lab: TokenLab): Promise<number> {
  const records = await lab.gateway.records();
  for (const { id, who, what, exchanged } of records) {
    if (exchanged !== undefined) assert.equal(exchanged.sub, who.sub, id);
    if (what.rpcId !== undefined && who.sub !== undefined) assert.ok(String(what.rpcId).startsWith(`${who.sub} `), id);
  }
  return records.length;
}

test(
  `${calls} calls of ${userCount} users, interleaved (seed ${seed}) – each with its own user's token, each answer to its own caller`,
  { timeout: longestMs },
  async (context) => {
    const random = seededRandom(seed);
    const tally = new Tally();
    await using lab = await startLab(random, tally);
    const users = Array.from({ length: userCount }, (_, number): User => {
      const user = { sub: `user-${number}`, luck: luckOf(number), callerToken: '', jti: '', refreshes: 0 };
      giveToken(lab, user);
      return user;
    });
    // Callers of many users share few connections, as behind another proxy.
    const pool = new Pool(lab.gateway.url, { connections: 12, pipelining: 4 });
    let left = calls;
    const work = async () => {
      while (left > 0) {
        left -= 1;
        const user = random.pick(users);
        const lot = random.below(1000);
        if (lot < 10) giveToken(lab, user);
        if (lot < 30) await callAndLeave(lab.gateway.port, user, random);
        else await call(pool, user, tally);
      }
    };
    const startedAtMs = performance.now();
    await Promise.all(Array.from({ length: 64 }, work));
    const seconds = (performance.now() - startedAtMs) / 1000;
    await pool.close();

    assert.deepEqual(tally.wrong.slice(0, 10), [], `seed ${seed}`);
    assert.equal(tally.counts['answers 500'], undefined);
    for (const what of ['answers 200', 'answers 403', 'answers 503']) assert.ok((tally.counts[what] ?? 0) > 0, what);
    const records = await assertRecords(lab);
    context.diagnostic(
      `${calls} calls in ${seconds.toFixed(1)} s, ${records} records, ${JSON.stringify(tally.counts)}`,
    );
  },
);
