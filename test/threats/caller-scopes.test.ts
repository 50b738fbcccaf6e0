import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { assertTokenRefused } from '../kit/assert-refused.ts';
import { post } from '../kit/call.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';

/** What a token may do, in all the ways providers say it. */
const lab = await startTokenLab();
after(() => lab[Symbol.asyncDispose]());
const needed = 'mcp:tools:call';

type Row = readonly [name: string, claims: Record<string, unknown>];

const passing: readonly Row[] = [
  ['scp as a list', { scp: ['openid', needed] }],
  ['scp as text', { scp: `openid ${needed}` }],
  ['scope as text', { scp: undefined, scope: `${needed} openid` }],
  ['scope as a list', { scp: undefined, scope: [needed] }],
];
for (const [name, claims] of passing) {
  test(`the needed scope in ${name} – taken`, async () => {
    assert.equal((await post(lab.gateway.mcpUrl, lab.token({ claims }))).status, 200);
  });
}

const lacking: readonly Row[] = [
  ['no scope claim', { scp: undefined }],
  ['an empty list', { scp: [] }],
  ['empty text', { scp: '' }],
  ['another scope', { scp: ['openid'] }],
  ['a longer scope', { scp: [`${needed}:all`] }],
  ['a shorter scope', { scp: ['mcp:tools'] }],
  ['the scope in other case', { scp: [needed.toUpperCase()] }],
  ['a wildcard', { scp: ['*', 'mcp:*'] }],
  ['the scope in a list in a list', { scp: [[needed]] }],
  ['the scope as a key', { scp: { [needed]: true } }],
  ['two scopes in one item of the list', { scp: [`openid ${needed}`] }],
  ['scopes joined by commas', { scp: `openid,${needed}` }],
  ['the scope in a list with something else', { scp: [needed, 42] }],
];
for (const [name, claims] of lacking) {
  test(`${name} – 403 insufficient_scope that says what is needed`, async () => {
    const { message, record } = await assertTokenRefused(lab, lab.token({ claims }), {
      code: 'insufficient_scope',
      status: 403,
      challenge: 'insufficient_scope',
      isVerified: true,
    });
    assert.match(message, /this needs "mcp:tools:call"/);
    assert.equal(record.who.sub, 'alice@example.com');
    assert.equal(record.what.tool, 'GetCountry');
  });
}

describe('several scopes needed', () => {
  test('one is missing – the challenge names all of them at once', async () => {
    await using two = await startTokenLab({
      server: (usual) => ({ ...usual, policy: { strategy: 'scopes', required: [needed, 'mcp:tools:list'] } }),
    });
    const response = await post(two.gateway.mcpUrl, two.token());
    assert.equal(response.status, 403);
    const challenge = response.headers.get('www-authenticate') ?? '';
    assert.match(challenge, /^Bearer error="insufficient_scope", /);
    assert.match(challenge, / scope="mcp:tools:call mcp:tools:list", /);
    assert.equal(two.upstream.seen.length, 0);
  });
});
