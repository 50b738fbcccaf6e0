import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post } from '../kit/call.ts';
import { makeSigningKey } from '../kit/signing-key.ts';
import { startTokenLab, type TokenLab } from '../kit/start-token-lab.ts';

/** Bad tokens in numbers: what they cost the provider does not grow with them. */
const count = 200;
const atOnce = 20;
const stranger = makeSigningKey();

const floods: readonly (readonly [string, (lab: TokenLab, index: number) => string, string, number])[] = [
  ['each with another unknown kid', (lab, index) => forge(lab, `kid-${index}`), 'token_key_unknown', 4],
  ['with a known kid and a foreign signature', (lab) => forge(lab, lab.key.kid), 'token_signature_invalid', 0],
  ['that have expired', (lab, index) => lab.token({ claims: { exp: 1_000_000 + index } }), 'token_expired', 0],
  [
    'of other issuers',
    (lab, index) => lab.token({ claims: { iss: `${lab.issuer.issuer}${index}` } }),
    'issuer_mismatch',
    0,
  ],
  ['that are no tokens', (_, index) => `${'x'.repeat(500)}.${index}.y`, 'token_malformed', 0],
];

function forge(lab: TokenLab, kid: string): string {
  return lab.token({ key: stranger, header: { kid } });
}

for (const [name, write, code, mostRequests] of floods) {
  test(`${count} tokens ${name} – all 401, ${mostRequests} requests to the provider at once, a good one is taken meanwhile`, async () => {
    await using lab = await startTokenLab();
    const good = lab.token();
    assert.equal((await post(lab.gateway.mcpUrl, good)).status, 200);
    const startedAtMs = performance.now();
    const before = lab.issuer.server.seen.length;
    const codes = new Set<string>();
    for (let sent = 0; sent < count; sent += atOnce) {
      const answers = Array.from({ length: atOnce }, (_, index) => codeOf(lab, write(lab, sent + index)));
      for (const found of await Promise.all(answers)) codes.add(found);
      assert.equal((await post(lab.gateway.mcpUrl, good)).status, 200);
    }
    assert.deepEqual([...codes], [`401 ${code}`]);
    const asked = lab.issuer.server.seen.slice(before).map(({ url }) => url);
    // Two requests for a look at the keys, two looks at once, one more in ten seconds: a slow machine may take that long.
    const more = mostRequests === 0 ? 0 : 2 * Math.floor((performance.now() - startedAtMs) / 10_000);
    assert.ok(asked.length <= mostRequests + more, asked.join(', '));
    assert.equal(lab.upstream.seen.length, 1 + count / atOnce);
  });
}

async function codeOf(lab: TokenLab, callerToken: string): Promise<string> {
  const response = await post(lab.gateway.mcpUrl, callerToken);
  const { error } = JSON.parse(await response.text()) as { error?: { data?: { code?: string } } };
  return `${response.status} ${error?.data?.code}`;
}
