import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { Secret } from '../model/secret.ts';
import { describeStory } from './describe-story.ts';
import type { Story } from './tell-story.ts';

const caller = {
  iss: 'http://localhost:9080/oauth2/mcpserver',
  aud: 'mcpserver',
  scp: ['openid', 'email', 'mcp:tools:call'],
  sub: 'alice@example.com',
  jti: 'AT.mwsuFvf7uhcBn76M0xyg_cwiLYoOBqhrsnYS7wdZ6P_',
  exp: 1795414877,
  clientId: 'demo',
};
const seenByApi = {
  ...caller,
  iss: 'https://localhost:9443/oauth2/backend',
  aud: 'backend',
  scp: ['backend-api:read'],
  jti: 'AT.gu4IGbsIePqL0D_ySNz_SqkrT-3mdhGHB3NC-NbP-5w',
  clientId: 'gateway',
};
const allowed: Story['record'] = {
  v: 1,
  time: '2026-11-23T05:21:17.136Z',
  id: '79c59f19-3a81-4da4-861b-cb20b9d49ba2',
  who: { iss: caller.iss, sub: caller.sub },
  what: { http: 'POST /mcp', method: 'tools/call', tool: 'GetCountry', upstream: 'http://127.0.0.1:8091/mcp' },
  decision: 'allowed',
  reason: 'scopes mcp:tools:call',
  caller,
  exchanged: { ...seenByApi, strategy: 'token-exchange', source: 'cached', ms: 0 },
  status: 200,
  ms: { total: 56 },
};
const story: Story = {
  callerToken: new Secret('not shown'),
  user: caller.sub,
  tools: ['GetCountry'],
  answer: '{"data":{}}',
  caller,
  seenByApi,
  apiLine: JSON.stringify({ event: 'token.validated', claims: seenByApi }),
  record: allowed,
  refused: {
    status: 401,
    code: 'audience_mismatch',
    record: {
      ...allowed,
      decision: 'refused',
      stage: 'authenticate',
      reason: 'Cannot accept the token: audience is "demo", expected "mcpserver"',
      hint: 'The token was issued for another service. Set --oidc-audience to the audience of the authorization server.',
    },
  },
};

function linesAt(columns: number): string[] {
  return stripVTControlCharacters(describeStory(story, columns)).split('\n');
}

test('describeStory – room for two columns – each claim of both tokens on one line', () => {
  const line = linesAt(120).find((one) => one.startsWith('  iss'));
  assert.match(line ?? '', new RegExp(`^  iss +${caller.iss} +${seenByApi.iss}$`));
});

test('describeStory – 80 columns – both tokens below each other, aligned', () => {
  const lines = linesAt(80);
  const at = lines.findIndex((line) => line.startsWith('  iss'));
  assert.equal(lines[at], `  iss  client  ${caller.iss}`);
  assert.equal(lines[at + 1], `       API     ${seenByApi.iss}`);
});

for (const columns of [80, 100, 120]) {
  test(`describeStory – ${columns} columns – no line is longer`, () => {
    assert.deepEqual(
      linesAt(columns).filter((line) => line.length > columns),
      [],
    );
  });
}
