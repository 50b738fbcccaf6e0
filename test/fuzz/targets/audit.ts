import assert from 'node:assert/strict';
import { serializeRecord } from '../../../src/audit/jsonl/serialize-record.ts';
import type { AuditRecord } from '../../../src/model/audit-record.ts';
import type { ErrorCode } from '../../../src/model/errors.ts';
import { pickTokenClaims } from '../../../src/model/token-claims.ts';
import { UsherError } from '../../../src/model/usher-error.ts';
import { isObject, parseJson, type Target } from '../target.ts';

/** One line of JSON that reads as what JSON.stringify would have written. */
export function check(record: AuditRecord): void {
  const line = serializeRecord(record);
  assert.doesNotMatch(line, /[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
  assert.deepEqual(JSON.parse(line), JSON.parse(JSON.stringify(record)));
}

/** A record of what anybody may say: texts, and claims of a token. */
export function buildRecord(text: (key: string) => string | undefined, claims: Record<string, unknown>): AuditRecord {
  const error = new UsherError('token_malformed' satisfies ErrorCode, { reason: text('reason') ?? '' });
  return {
    v: 1,
    time: '2026-01-01T00:00:00.000Z',
    id: '00000000-0000-0000-0000-000000000000',
    server: text('server'),
    who: Object.freeze({ sub: text('sub'), name: text('name') }),
    from: text('from'),
    what: {
      http: `POST ${text('path') ?? '/mcp'}`,
      kind: 'request',
      method: text('method'),
      tool: text('tool'),
      target: text('target'),
      rpcId: text('rpcId') ?? null,
    },
    decision: 'refused',
    reason: error.message,
    hint: error.hint,
    code: error.code,
    stage: error.row.stage,
    caller: { ...pickTokenClaims(claims), unverified: true },
    status: 401,
    ms: { total: 1, firstByte: 0.5 },
    bytes: 3,
  };
}

/** An object: texts for the record, and claims. */
export const target: Target = {
  seeds: [
    JSON.stringify({
      sub: 'a\n"b\u2028',
      method: 'x\u0000',
      tool: '\ud800',
      path: '/mcp',
      rpcId: 'é',
      scp: ['a', '"'],
    }),
    JSON.stringify({ reason: '{found}\r\n', aud: ['a'], iss: 'x', exp: 1e300, __proto__: 'x', name: '\\' }),
  ],
  fuzz(bytes) {
    const value = parseJson(bytes);
    if (!isObject(value)) return;
    const text = (key: string) => (typeof value[key] === 'string' ? value[key] : undefined);
    check(buildRecord(text, value));
  },
};
