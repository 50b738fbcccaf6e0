import assert from 'node:assert/strict';
import { test } from 'node:test';
import { visibleJson } from '../../lib/plain.ts';
import type { AuditRecord } from '../../model/audit-record.ts';
import { auditFields } from '../../model/audit-fields.ts';
import { serializeRecord } from './serialize-record.ts';

const who = Object.freeze({ iss: 'https://issuer.example', sub: 'a"b\n\u2028c' });

function record(more: Partial<AuditRecord> = {}): AuditRecord {
  return {
    v: 1,
    time: '2026-01-01T00:00:00.000Z',
    id: 'one',
    who,
    what: { http: 'POST /mcp', tool: 'x\u0000\\"' },
    decision: 'allowed',
    reason: 'scopes a',
    status: 200,
    ms: { total: 1 },
    ...more,
  };
}

test('serializeRecord – any record – the JSON it stands for, on one line', () => {
  const one = record({ caller: Object.freeze({ sub: 'é', scp: ['a', 'b'] }), hint: 'line\nbreak' });
  const line = serializeRecord(one);
  assert.deepEqual(JSON.parse(line), JSON.parse(JSON.stringify(one)));
  assert.ok(!line.includes('\n'));
});

test('serializeRecord – a record with every field there is – what JSON.stringify makes of it, in the same order', () => {
  const full: Required<AuditRecord> = {
    v: 1,
    time: '2026-01-01T00:00:00.000Z',
    id: 'one',
    trace: '0af7651916cd43dd8448eb211c80319c',
    server: 'a',
    who,
    from: '::1',
    what: {
      http: 'POST /mcp',
      kind: 'request',
      method: 'm',
      target: 't',
      rpcId: 'x"y',
      upstream: 'http://127.0.0.1/mcp',
    },
    decision: 'refused',
    reason: 'because "so"',
    stage: 'authenticate',
    hint: 'look\nthere',
    code: 'token_expired',
    details: { expiredAt: '2026-01-01T00:00:00.000Z', 'a"b': 1 },
    cause: 'keycloak-"x"',
    credential: 'token-exchange',
    signIn: { event: 'refused', appName: 'a "b"', provider: 'https://issuer.example', providerClient: 'usher' },
    caller: { sub: 's', unverified: true },
    exchanged: { strategy: 'token-exchange', source: 'fresh', ms: 3 },
    status: 401,
    upstreamStatus: 200,
    ms: { total: 2, firstByte: 1.5, exchange: 1 },
    bytes: 7,
  };
  assert.deepEqual(
    Object.keys(full).sort(),
    [...new Set(Object.keys(auditFields).map((name) => name.replace(/\..*/, '')))].sort(),
  );
  assert.equal(serializeRecord(full), visibleJson(JSON.stringify(full)));
});

test('serializeRecord – the same frozen part in several records – written out in each of them', () => {
  assert.deepEqual(JSON.parse(serializeRecord(record({ id: 'two' }))).who, who);
  assert.deepEqual(JSON.parse(serializeRecord(record({ id: 'three' }))).who, who);
});

test('serializeRecord – a part that is not frozen and changes – what it is now', () => {
  const what: { http: string } = { http: 'GET /a' };
  serializeRecord(record({ what }));
  what.http = 'GET /b';
  assert.equal(JSON.parse(serializeRecord(record({ what }))).what.http, 'GET /b');
});

for (const firstByte of [0, 1, 0.001, 0.31, 0.999, 12.05, 1.5, 1e21, 0.12345, -0.5, 86_399_999.999]) {
  test(`serializeRecord – ${firstByte} ms – as JSON.stringify writes it`, () => {
    const one = record({ ms: { total: 1, firstByte } });
    assert.equal(serializeRecord(one), visibleJson(JSON.stringify(one)));
  });
}

test('serializeRecord – more different texts than are kept, twice – the JSON each stands for', () => {
  for (let index = 0; index < 5_000; index += 1) {
    const one = record({ from: `"${index % 2_500}"`, reason: 'x"'.repeat(index % 200) });
    assert.deepEqual(JSON.parse(serializeRecord(one)), JSON.parse(JSON.stringify(one)));
  }
});
