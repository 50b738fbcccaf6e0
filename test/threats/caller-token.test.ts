import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { assertTokenRefused } from '../kit/assert-refused.ts';
import { post } from '../kit/call.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';
import type { ErrorCode } from '../../src/model/errors.ts';

/** Well-signed tokens of the right issuer's key that say something else than they should. */
const lab = await startTokenLab();
after(() => lab[Symbol.asyncDispose]());
const { issuer } = lab.issuer;
const nowSeconds = Math.floor(Date.now() / 1000);

type Row = readonly [name: string, claims: Record<string, unknown> | string, code: ErrorCode];

function refuses(rows: readonly Row[]): void {
  for (const [name, claims, code] of rows) {
    test(`a token with ${name} – ${code}`, async () => {
      const { record } = await assertTokenRefused(lab, lab.token({ claims }), { code });
      assert.equal(record.caller?.unverified, true);
    });
  }
}

function accepts(rows: readonly (readonly [name: string, claims: Record<string, unknown>])[]): void {
  for (const [name, claims] of rows) {
    test(`a token with ${name} – taken`, async () => {
      const response = await post(lab.gateway.mcpUrl, lab.token({ claims }));
      assert.equal(response.status, 200, await response.text());
    });
  }
}

/** JSON that no JavaScript object can stand for. */
const rawClaims = (change: (json: string) => string) => change(JSON.stringify(lab.claims()));

describe('confirmation', () => {
  refuses([
    ['a thumbprint that is none', { cnf: { jkt: 'x' } }, 'token_claim_invalid'],
    [
      'a thumbprint of a key and one of a certificate',
      { cnf: { jkt: 'x'.repeat(43), 'x5t#S256': 'x' } },
      'token_claim_invalid',
    ],
    ['a key instead of its thumbprint', { cnf: { jwk: { kty: 'EC' } } }, 'token_claim_invalid'],
    ['the thumbprint of a certificate', { cnf: { 'x5t#S256': 'x' } }, 'token_claim_invalid'],
    ['a confirmation that is null', { cnf: null }, 'token_claim_invalid'],
  ]);
});

describe('audience', () => {
  refuses([
    ['another audience', { aud: 'backend' }, 'audience_mismatch'],
    ['a longer audience', { aud: 'mcpserver-evil' }, 'audience_mismatch'],
    ['a shorter audience', { aud: 'mcp' }, 'audience_mismatch'],
    ['an audience in other case', { aud: 'MCPserver' }, 'audience_mismatch'],
    ['two audiences joined by a blank', { aud: 'backend mcpserver' }, 'audience_mismatch'],
    ['two audiences joined by a comma', { aud: 'backend,mcpserver' }, 'audience_mismatch'],
    ['ours in an array in an array', { aud: [['mcpserver']] }, 'audience_mismatch'],
    ['ours as a key', { aud: { mcpserver: true } }, 'audience_mismatch'],
    ['an empty audience', { aud: '' }, 'audience_mismatch'],
    ['an empty list of audiences', { aud: [] }, 'audience_mismatch'],
    ['no audience', { aud: undefined }, 'audience_mismatch'],
    ['audience null', { aud: null }, 'audience_mismatch'],
    [
      'ours first and another last under the same name',
      rawClaims((json) =>
        json.replace('{', '{"aud":"mcpserver",').replace('"aud":"mcpserver","iat"', '"aud":"backend","iat"'),
      ),
      'audience_mismatch',
    ],
  ]);
  accepts([
    ['ours as a list of one', { aud: ['mcpserver'] }],
    ['ours among several', { aud: ['backend', 'mcpserver'] }],
  ]);
});

describe('issuer', () => {
  refuses([
    ['another issuer', { iss: 'https://evil.example/oauth2/as1' }, 'issuer_mismatch'],
    ['a slash behind the issuer', { iss: `${issuer}/` }, 'issuer_mismatch'],
    ['a longer issuer', { iss: `${issuer}0` }, 'issuer_mismatch'],
    ['a shorter issuer', { iss: issuer.slice(0, -1) }, 'issuer_mismatch'],
    ['an issuer in other case', { iss: issuer.toUpperCase() }, 'issuer_mismatch'],
    ['an alias of the host', { iss: issuer.replace('127.0.0.1', 'localhost') }, 'issuer_mismatch'],
    ['a blank behind the issuer', { iss: `${issuer} ` }, 'issuer_mismatch'],
    ['the issuer in a list', { iss: [issuer] }, 'issuer_mismatch'],
    ['the issuer among others', { iss: ['https://evil.example', issuer] }, 'issuer_mismatch'],
    ['no issuer', { iss: undefined }, 'issuer_mismatch'],
    ['an object as issuer', { iss: { [issuer]: issuer } }, 'issuer_mismatch'],
    ['__proto__ as issuer', { iss: '__proto__' }, 'issuer_mismatch'],
  ]);
});

describe('times', () => {
  refuses([
    ['an end an hour ago', { exp: nowSeconds - 3600 }, 'token_expired'],
    ['an end just outside the leeway', { exp: nowSeconds - 31 }, 'token_expired'],
    ['an end before 1970', { exp: -1e300 }, 'token_expired'],
    ['no end', { exp: undefined }, 'token_claim_invalid'],
    ['end null', { exp: null }, 'token_claim_invalid'],
    ['its end as text', { exp: '9999999999' }, 'token_claim_invalid'],
    ['its end in a list', { exp: [nowSeconds + 3600] }, 'token_claim_invalid'],
    ['an end beyond all numbers', rawClaims((json) => json.replace(/"exp":\d+/, '"exp":1e400')), 'token_claim_invalid'],
    ['a start in the future', { nbf: nowSeconds + 120 }, 'token_not_yet_valid'],
    ['its start as text', { nbf: String(nowSeconds) }, 'token_claim_invalid'],
    ['an issue time in the future', { iat: nowSeconds + 120 }, 'token_not_yet_valid'],
    ['an issue time that is no number', { iat: true }, 'token_claim_invalid'],
  ]);
  accepts([
    ['an end within the leeway', { exp: nowSeconds - 5 }],
    ['a start within the leeway', { nbf: nowSeconds + 20 }],
    ['an issue time within the leeway', { iat: nowSeconds + 20 }],
    ['an end with fractions of a second', { exp: nowSeconds + 60.5 }],
  ]);
});

describe('subject', () => {
  refuses([
    ['no subject', { sub: undefined }, 'token_claim_invalid'],
    ['an empty subject', { sub: '' }, 'token_claim_invalid'],
    ['a number as subject', { sub: 42 }, 'token_claim_invalid'],
    ['a list as subject', { sub: ['alice@example.com'] }, 'token_claim_invalid'],
  ]);
});

describe('shape', () => {
  const deep = `${'['.repeat(8000)}${']'.repeat(8000)}`;
  for (const claim of ['iss', 'aud', 'exp', 'sub']) {
    test(`a token whose ${claim} is 8000 lists in one another – refused like any other wrong value`, async () => {
      const claims = JSON.stringify(lab.claims({ [claim]: 'DEEP' })).replace('"DEEP"', deep);
      const code = ({ iss: 'issuer_mismatch', aud: 'audience_mismatch' } as const)[claim] ?? 'token_claim_invalid';
      await assertTokenRefused(lab, lab.token({ claims }), { code });
    });
  }
  test('a token whose algorithm is 8000 lists in one another – refused like any other wrong value', async () => {
    const header = `{"alg":${deep}}`;
    await assertTokenRefused(lab, lab.token({ header }), { code: 'token_algorithm_refused' });
  });
});
