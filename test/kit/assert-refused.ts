import assert from 'node:assert/strict';
import type { AuditRecord } from '../../src/model/audit-record.ts';
import type { ErrorCode } from '../../src/model/errors.ts';
import { errorTable, type ErrorRow } from '../../src/model/errors.ts';
import { post } from './call.ts';
import type { TokenLab } from './start-token-lab.ts';

/** An answer, read. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

export interface Expected {
  readonly code: ErrorCode;
  /** 401 when not given. */
  readonly status?: number;
  /** Error of the challenge: `invalid_token` when not given, `none` for a challenge without one, `absent` for no challenge. */
  readonly challenge?: NonNullable<ErrorRow['challenge']> | 'absent';
  /** Of the challenge; Bearer when not given. */
  readonly scheme?: 'DPoP' | undefined;
  /** Was the caller established before the refusal? False when not given: then nothing may be claimed of who it was. */
  readonly isVerified?: boolean;
  /** Calls of the token endpoint the refusal may have made; none when not given. */
  readonly exchanges?: number;
  /** Requests the upstream may have seen; none when not given. */
  readonly calls?: number;
  /** What must not show up in answer, log and audit trail beside the tokens that were sent. */
  readonly secrets?: readonly string[];
}

/** Sends this token and asserts that it is refused as {@link assertAnswerRefused} has it. */
export async function assertTokenRefused(lab: TokenLab, callerToken: string, expected: Expected): Promise<Refused> {
  return assertRefused(lab, () => post(lab.gateway.mcpUrl, callerToken), {
    ...expected,
    secrets: [...(expected.secrets ?? []), callerToken],
  });
}

export interface Refused {
  readonly message: string;
  readonly record: AuditRecord;
  readonly headers: Headers;
}

/** Asserts that a request is refused in every respect: the answer, its challenge, the audit record; nothing at the upstream,
 * nothing at the token endpoint, nothing leaked.
 */
export async function assertRefused(
  lab: TokenLab,
  send: () => Promise<Response>,
  expected: Expected,
): Promise<Refused> {
  const tokenPath = new URL(lab.issuer.tokenUrl).pathname;
  const before = { upstream: lab.upstream.seen.length, exchanges: lab.issuer.count(tokenPath) };
  const response = await send();
  const answer = { status: response.status, text: await response.text(), headers: response.headers };
  const { message, id } = assertAnswerRefused(answer, lab.gateway.servers[0]?.resourceUrl ?? '', expected);

  assert.equal(lab.upstream.seen.length, before.upstream + (expected.calls ?? 0), 'requests that reach the upstream');
  assert.equal(
    lab.issuer.count(tokenPath),
    before.exchanges + (expected.exchanges ?? 0),
    'calls of the token endpoint',
  );
  const record = await lab.record(id);
  assertRecordRefused(record, answer.status, expected);
  const shown = [answer.text, [...answer.headers].join('\n'), JSON.stringify(record), ...lab.gateway.logged].join('\n');
  for (const secret of ['gateway-secret', ...(expected.secrets ?? [])]) assertAbsent(secret, shown);
  return { message, record, headers: answer.headers };
}

function assertAnswerRefused(answer: Answer, resourceUrl: string, expected: Expected): { message: string; id: string } {
  const body = JSON.parse(answer.text) as {
    error: { code: number; message: string; data: { code: string; id: string } };
  };
  const row = errorTable[expected.code];
  assert.equal(body.error.data.code, expected.code, body.error.message);
  assert.equal(body.error.code, row.jsonRpc ?? row.status);
  assert.equal(answer.status, expected.status ?? 401);
  const challenge = answer.headers.get('www-authenticate');
  assertChallenge(challenge, resourceUrl, expected);
  if (challenge?.includes('error=') === true)
    assert.ok(challenge.includes(`request_id="${body.error.data.id}"`), challenge);
  assert.equal(answer.headers.has('retry-after'), row.retryable === true, 'Retry-After');
  return { message: body.error.message, id: body.error.data.id };
}

function assertChallenge(
  found: string | null,
  resourceUrl: string,
  { challenge = 'invalid_token', scheme: wanted }: Expected,
): void {
  if (challenge === 'absent') return assert.equal(found, null);
  const scheme = wanted ?? 'Bearer';
  assert.match(found ?? '', /^[\u0020-\u007e]+$/);
  assert.ok(found?.startsWith(`${scheme} `), found ?? '');
  assert.equal(/ algs="ES256 [A-Za-z0-9 ]+"/.test(found ?? ''), scheme === 'DPoP', found ?? '');
  const error = /error="([^"]*)"/.exec(found ?? '')?.[1] ?? 'none';
  assert.equal(error, challenge);
  const { origin, pathname } = new URL(resourceUrl);
  const metadata = `${origin}/.well-known/oauth-protected-resource${pathname}`;
  assert.ok(found?.endsWith(`scope="mcp:tools:call", resource_metadata="${metadata}"`), found ?? '');
}

function assertRecordRefused(record: AuditRecord, status: number, { code, isVerified = false }: Expected): void {
  assert.equal(record.code, code);
  assert.equal(record.status, status);
  assert.equal(record.stage, errorTable[code].stage);
  assert.equal(record.decision, errorTable[code].fault === 'caller' ? 'refused' : 'failed');
  // From there on a token was got for the caller.
  if (errorTable[code].stage !== 'forward') assert.equal(record.exchanged, undefined);
  assert.equal(typeof record.from, 'string');
  if (isVerified) {
    assert.equal(record.caller?.unverified, undefined);
    assert.equal(typeof record.who.sub, 'string');
  } else {
    assert.deepEqual(record.who, {}, 'an unverified token names nobody');
    if (record.caller !== undefined) assert.equal(record.caller.unverified, true);
  }
}

/** No part of a token that is long enough to be told from ordinary text. */
export function assertAbsent(secret: string, shown: string): void {
  for (const part of [secret, ...secret.split('.')])
    if (part.length >= 12) assert.ok(!shown.includes(part), `leaked: …${part.slice(-12)}`);
}
