import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fileProblems } from '../kit/config-input.ts';
import { post } from '../kit/call.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';

const lab = await startTokenLab({
  server: (usual) => ({
    ...usual,
    // Past the configuration's checks: the request path does not rely on them.
    forwardHeaders: ['x-upstream-token'],
    ...(usual.credential?.strategy === 'token-exchange'
      ? { credential: { ...usual.credential, header: 'X-Upstream-Token' } }
      : {}),
  }),
});
after(() => lab[Symbol.asyncDispose]());

const call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"GetCountry"}}';

test('another header for the new token – the caller’s Authorization stays behind all the same', async () => {
  const token = lab.token();
  assert.equal((await post(lab.gateway.mcpUrl, token, call)).status, 200);
  const seen = lab.upstream.seen.at(-1);
  assert.equal(seen?.headers.authorization, undefined);
  assert.match(String(seen?.headers['x-upstream-token']), /^ey/);
  assert.ok(!JSON.stringify(seen).includes(token));
});

test('a caller who sends that header – has no say in it', async () => {
  const token = lab.token({ claims: { jti: 'AT.other' } });
  assert.equal((await post(lab.gateway.mcpUrl, token, call, { 'X-Upstream-Token': 'of-the-caller' })).status, 200);
  const seen = lab.upstream.seen.at(-1);
  assert.ok(!JSON.stringify(seen).includes('of-the-caller'));
  assert.equal(seen?.rawHeaders.filter((name) => name.toLowerCase() === 'x-upstream-token').length, 1);
});

const server = (more: string) => `servers:
  a:
    authenticate: [{ issuer: 'https://i.example.com', audience: x }]
    forwardHeaders: [x-tenant]
    credential: { url: 'https://i.example.com/t', clientId: g, audience: b, clientSecretEnv: SECRET, ${more} }
    upstream: { url: 'http://127.0.0.1:1' }
`;

for (const [more, problem] of [
  ['header: Mcp-Session-Id', /credential\.header: is "Mcp-Session-Id", expected a header that is not one of MCP/],
  ['header: Content-Length', /credential\.header: is "Content-Length", expected a header that is not one of MCP/],
  ['header: X-Tenant', /credential\.header: is "X-Tenant", which forwardHeaders takes from the caller/],
  ['headerPrefix: "Bearer x"', /credential\.headerPrefix: is "Bearer x", expected one word/],
  ['parameters: { subject_token: x }', /parameters\.subject_token: is not usable as a name, expected a parameter that/],
  ['requestedTokenType: id_token', /requestedTokenType: is "id_token", which says who signed in/],
  ['actorFromClient: true, actorTokenEnv: SECRET', /actorFromClient: is given beside an actor token/],
  ['actorScopes: act', /actorScopes: is given, but no actor token is asked for/],
] as const) {
  test(`a configuration with ${more} – does not start`, (context) => {
    const found = fileProblems(context, server(more), { SECRET: 'shh' });
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0] ?? '', problem);
  });
}
