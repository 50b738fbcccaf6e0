import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditRecord } from '../model/audit-record.ts';
import { listStages } from './list-stages.ts';

const record = (more: Partial<AuditRecord>): AuditRecord => ({
  v: 1,
  time: '2026-01-01T00:00:00.000Z',
  id: 'one',
  server: 'countries',
  who: { sub: 'alice' },
  what: { http: 'POST /mcp', method: 'tools/call', tool: 'GetCountry', upstream: 'http://127.0.0.1/mcp' },
  decision: 'allowed',
  reason: 'scopes mcp:tools:call',
  caller: { iss: 'https://a.example', aud: 'mcpserver', clientId: 'vscode' },
  status: 200,
  upstreamStatus: 200,
  ms: { total: 1 },
  ...more,
});
const resultsOf = (more: Partial<AuditRecord>) => listStages(record(more)).map(({ result }) => result);
const saysOf = (stage: string, more: Partial<AuditRecord>) =>
  listStages(record(more)).find((one) => one.stage === stage)?.says;

test('listStages – an allowed call – all passed, each with what it found', () => {
  assert.deepEqual(new Set(resultsOf({})), new Set(['passed']));
  assert.equal(saysOf('authenticate', {}), 'token of https://a.example for mcpserver, client vscode');
  assert.equal(saysOf('readCall', {}), 'tools/call GetCountry');
  assert.equal(saysOf('authorize', {}), 'scopes mcp:tools:call');
});

test('listStages – a refusal – passed before it, not reached behind it', () => {
  assert.deepEqual(resultsOf({ decision: 'refused', stage: 'authorize', code: 'insufficient_scope', reason: 'no' }), [
    'passed',
    'passed',
    'passed',
    'passed',
    'refused',
    'not reached',
    'not reached',
  ]);
});

test('listStages – an audit trail that cannot be written – refused before anything was looked at', () => {
  const [first, ...others] = resultsOf({
    decision: 'failed',
    stage: 'audit',
    code: 'audit_unavailable',
    reason: 'full',
  });
  assert.equal(first, 'failed');
  assert.deepEqual(new Set(others), new Set(['not reached']));
});

test('listStages – a caller who went away – broken off where the call was', () => {
  const exchanged = { strategy: 'token-exchange', source: 'cached', ms: 0, aud: 'backend' } as const;
  assert.equal(resultsOf({ decision: 'cancelled', exchanged }).at(-1), 'broken off');
  assert.equal(resultsOf({ decision: 'cancelled' }).at(-2), 'broken off');
});

for (const [name, exchanged, says] of [
  [
    'fresh',
    { strategy: 'token-exchange', source: 'fresh', ms: 21, iss: 'https://b.example', aud: ['backend', 'x'] },
    'token-exchange: token of https://b.example for backend, x, fresh from the provider in 21 ms',
  ],
  [
    'kept and opaque',
    { strategy: 'token-exchange', source: 'cached', ms: 0 },
    'token-exchange: an opaque token, kept from an earlier call',
  ],
  ['a header', { strategy: 'static-header', source: 'static', ms: 0 }, 'static-header: the same for every call'],
  ['none', { strategy: 'none', source: 'none', ms: 0 }, 'no token is sent on'],
  [
    'in two steps',
    {
      strategy: 'chain',
      source: 'cached',
      ms: 0,
      aud: 'c',
      steps: [{ strategy: 'token-exchange', iss: 'b', aud: 'b' }],
    },
    'chain: token of ? for c, by way of a token of b for b, kept from an earlier call',
  ],
] as const) {
  test(`listStages – a credential that is ${name} – said so`, () => {
    assert.equal(saysOf('exchange', { exchanged }), says);
  });
}
