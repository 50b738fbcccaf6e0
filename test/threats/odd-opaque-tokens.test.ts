import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { assertRefused } from '../kit/assert-refused.ts';
import { toolCall } from '../kit/call.ts';
import { addIntrospection, introspectionEntry, type Introspecting } from '../kit/introspecting.ts';
import { rawPost, readRawAnswer, sendRaw } from '../kit/send-raw.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';

/** What no issuer ever issued (RFC 6750 §2.1 has the characters of a token), sent by a stranger for the issuer to stumble over. */
let added: Introspecting | undefined;
const lab = await startTokenLab({
  beforeStart: (issuer) => (added = addIntrospection(issuer)),
  server: (usual, issuer) => ({ ...usual, authenticate: [introspectionEntry(issuer)] }),
});
after(() => lab[Symbol.asyncDispose]());

const tokens: readonly (readonly [what: string, token: string])[] = [
  ['a quote and a bracket', `opaque-token"><script>`],
  ['bytes that are no ASCII', 'opaque-token-\u00fc\u00ff'],
  ['an equals sign in the middle', 'opaque=token-of-alice'],
  ['a percent encoding', 'opaque-token%00%0d%0a'],
  ['a back slash', 'opaque-token\\u0000'],
  ['nothing but padding', '===='],
];
for (const [what, token] of tokens) {
  test(`an opaque token with ${what} – refused, and nobody is asked about it`, async () => {
    const request = rawPost(['connection: close', `authorization: Bearer ${token}`], JSON.stringify(toolCall()));
    const send = async () => readRawAnswer(await sendRaw(lab.gateway.port, request));
    await assertRefused(lab, send, { code: 'token_malformed', secrets: [token] });
    assert.deepEqual(added?.asked, []);
  });
}
