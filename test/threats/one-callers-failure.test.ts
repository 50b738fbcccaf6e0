import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { post } from '../kit/call.ts';
import { addIntrospection, introspectionEntry, type Introspecting } from '../kit/introspecting.ts';
import { sendJson } from '../kit/start-http-server.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';

/** A provider stumbles over one token (a user in too many groups, say), and its holder calls in a loop: the others must not be
 * refused for it.
 */
const calls = 25;

describe('a token that the provider fails with', () => {
  test('at the exchange, again and again – other callers are served', async () => {
    await using lab = await startTokenLab();
    const poisoned = lab.token({ claims: { sub: 'mallory@example.com' } });
    const usual = lab.issuer.onToken;
    lab.issuer.onToken = (request, response) =>
      request.body.includes(poisoned) ? sendJson(response, 500, { error: 'server_error' }) : usual(request, response);
    for (let call = 0; call < calls; call += 1) {
      assert.equal((await post(lab.gateway.mcpUrl, poisoned)).status, 503);
      if (call < 12) continue;
      assert.equal((await post(lab.gateway.mcpUrl, lab.token({ claims: { jti: `of-alice-${call}` } }))).status, 200);
    }
    assert.doesNotMatch(lab.gateway.logged.join('\n'), /in a row/);
  });

  test('at the introspection, by a stranger – other callers are served', async () => {
    let added: Introspecting | undefined;
    await using lab = await startTokenLab({
      beforeStart: (issuer) => (added = addIntrospection(issuer)),
      server: (usual, issuer) => ({ ...usual, authenticate: [introspectionEntry(issuer)] }),
    });
    assert.ok(added);
    const provider = added;
    provider.respond = ({ body }, response) => {
      const token = new URLSearchParams(body).get('token') ?? '';
      if (token === 'token-of-mallory') sendJson(response, 500, {});
      else sendJson(response, 200, provider.tokens.get(token) ?? { active: false });
    };
    for (let call = 0; call < calls; call += 1)
      assert.equal((await post(lab.gateway.mcpUrl, 'token-of-mallory')).status, 503);
    assert.equal((await post(lab.gateway.mcpUrl, provider.issue('token-of-alice'))).status, 200);
  });

  test('different tokens that it fails with, one after the other – is left alone as ever', async () => {
    await using lab = await startTokenLab();
    lab.issuer.onToken = (_, response) => sendJson(response, 500, { error: 'server_error' });
    for (let call = 0; call < 10; call += 1)
      assert.equal((await post(lab.gateway.mcpUrl, lab.token({ claims: { jti: `AT.${call}` } }))).status, 503);
    assert.match(lab.gateway.logged.join('\n'), /failed 10 exchanges in a row/);
  });
});
