import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { assertTokenRefused } from '../kit/assert-refused.ts';
import { post } from '../kit/call.ts';
import { encodePart } from '../kit/signing-key.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';

/** What comes as a bearer token and is no signed JWT, or one whose text can be read in two ways. */
const lab = await startTokenLab();
after(() => lab[Symbol.asyncDispose]());
const good = lab.token();
const [header = '', claims = '', signature = ''] = good.split('.');

describe('not a signed JWT', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['an opaque token', 'ya29.a0AfB_byDFq4-KXLQWERTYUIOP'],
    ['an opaque token without dots', '00NwQERTYUIOPASDFGHJKLZXCVBNMqwerty'],
    [
      'a JWE of five parts',
      `${encodePart({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.${'A'.repeat(342)}.AAAA.${claims}.AAAA`,
    ],
    [
      'a JWE with two billion PBES2 rounds',
      `${encodePart({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2 ** 31, p2s: 'AAAA' })}.AAAA.AAAA.AAAA.AAAA`,
    ],
    ['a token cut before the signature', `${header}.${claims}`],
    ['a token cut before the claims', header],
    ['a token with a part too many', `${good}.${signature}`],
    ['two dots', '..'],
    ['a token without claims', `${header}..${signature}`],
    ['a token without header', `.${claims}.${signature}`],
    ['a header in plain base64', `${Buffer.from('{"alg":"RS256","kid":"???>>>"}').toString('base64')}.${claims}.AAAA`],
    ['a header that is no JSON', `${encodePart('{"alg":"RS256"')}.${claims}.AAAA`],
    ['a header that is a list', `${encodePart('[{"alg":"RS256"}]')}.${claims}.AAAA`],
    ['a header that is null', `${encodePart('null')}.${claims}.AAAA`],
    ['bytes beyond ASCII', `${header}.${claims}é.${signature}`],
  ];
  for (const [name, token] of rows) {
    test(`${name} – token_malformed`, async () => {
      await assertTokenRefused(lab, token, { code: 'token_malformed' });
    });
  }
});

describe('well signed, but not claims', () => {
  const json = JSON.stringify(lab.claims());
  const rows: readonly (readonly [string, string | Buffer])[] = [
    ['claims that are no JSON', json.slice(0, -1)],
    ['claims with something behind them', `${json}{}`],
    ['claims that are a list', `[${json}]`],
    ['claims that are text', JSON.stringify(json)],
    ['empty claims', ''],
    ['claims in Latin-1', Buffer.from(json.replace('alice', 'alicé'), 'latin1')],
    ['claims in UTF-16', Buffer.from(json, 'utf16le')],
    ['an overlong UTF-8 sequence', Buffer.concat([Buffer.from(json.slice(0, -2)), Buffer.from([0xc0, 0xa2, 0x7d])])],
  ];
  for (const [name, bytes] of rows) {
    test(`${name} – token_malformed`, async () => {
      await assertTokenRefused(lab, lab.token({ claims: bytes }), { code: 'token_malformed' });
    });
  }
});

describe('two readings', () => {
  const json = JSON.stringify(lab.claims());
  test('another subject first and ours last under the same name – the last counts for decision and record alike', async () => {
    const token = lab.token({ claims: json.replace('{', '{"sub":"mallory@example.com",') });
    assert.equal((await post(lab.gateway.mcpUrl, token)).status, 200);
    const records = await lab.gateway.records();
    assert.equal(records.at(-1)?.who.sub, 'alice@example.com');
  });
  test('algorithm RS256 first and none last in the header – refused', async () => {
    const token = lab.token({ header: `{"alg":"RS256","alg":"none","kid":"${lab.key.kid}"}` });
    await assertTokenRefused(lab, token, { code: 'token_algorithm_refused' });
  });
  test('claims under __proto__ – not taken for claims', async () => {
    const inherited = JSON.stringify({ scp: ['mcp:tools:call'] });
    const own = JSON.stringify(lab.claims({ scp: undefined, scope: undefined }));
    const token = lab.token({ claims: own.replace('{', `{"__proto__":${inherited},`) });
    await assertTokenRefused(lab, token, {
      code: 'insufficient_scope',
      status: 403,
      challenge: 'insufficient_scope',
      isVerified: true,
    });
  });
});
