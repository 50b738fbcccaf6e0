import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodePart } from '../../test/kit/signing-key.ts';
import { UsherError } from '../model/usher-error.ts';
import { parseAnswer, type IssuedToken } from './parse-answer.ts';

const nowMs = Date.UTC(2026, 0, 1);
const callerToken = `${encodePart({ alg: 'RS256' })}.${encodePart({ aud: 'mcpserver' })}.c2lnbmF0dXJlLW9mLWNhbGxlcg`;
const url = 'https://id.example/token';
const asked = { url, audience: ['backend'], scopes: ['backend-api:read'], callerToken, secrets: [callerToken], nowMs };
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';

function jwt(claims: Record<string, unknown> | string = {}): string {
  const usual = { aud: 'backend', scp: ['backend-api:read'], sub: 'alice', exp: nowMs / 1000 + 3600 };
  const payload = typeof claims === 'string' ? claims : { ...usual, ...claims };
  return `${encodePart({ alg: 'RS256', kid: 'k' })}.${encodePart(payload)}.c2lnbmF0dXJlLW9mLXVwc3RyZWFt`;
}

/** As some write JSON: readers of JWTs take it. */
function spaced(claims: Record<string, unknown>): string {
  const header = Buffer.from('\n { "alg": "RS256" }').toString('base64url');
  return `${header}${jwt(claims).replace(/^[^.]*/, '')}`;
}

function body(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    access_token: jwt(),
    issued_token_type: accessTokenType,
    token_type: 'Bearer',
    expires_in: 600,
    scope: 'backend-api:read',
    ...changes,
  };
}

const deep = `{"aud":"backend","nbf":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
const parse = (changes: Record<string, unknown> = {}): IssuedToken => parseAnswer(body(changes), asked);

describe('what is taken', () => {
  const rows: readonly (readonly [string, Record<string, unknown>])[] = [
    ['an answer as RFC 8693 has it', {}],
    ['token type bearer in lower case', { token_type: 'bearer' }],
    ['issued token type jwt', { issued_token_type: 'urn:ietf:params:oauth:token-type:jwt' }],
    ['no scope: granted as asked', { scope: undefined }],
    ['more scopes than asked for', { scope: 'openid backend-api:read' }],
    ['a beginning within the leeway', { access_token: jwt({ nbf: nowMs / 1000 + 30 }) }],
    ['members nobody knows', { refresh_token: 'r', x: {} }],
    ['an opaque token', { access_token: '00opaque-token~+/=' }],
    ['an opaque token with dots', { access_token: 'ya29.a0Af.B_byDF' }],
    [
      'a JWE, which only the service can read',
      { access_token: `${encodePart({ alg: 'dir', enc: 'A256GCM' })}.AA.AA.AA.AA` },
    ],
    ['an audience among others', { access_token: jwt({ aud: ['other', 'backend'] }) }],
    ['scope as text in the token', { access_token: jwt({ scp: undefined, scope: 'backend-api:read openid' }) }],
    ['no scope claim in the token', { access_token: jwt({ scp: undefined }) }],
  ];
  for (const [name, changes] of rows) {
    test(`parseAnswer – ${name} – taken`, () => {
      assert.equal(parse(changes).upstreamToken, body(changes)['access_token']);
    });
  }
});

describe('what is refused', () => {
  const rows: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
    ['no token', { access_token: undefined }, /wrong kind: access_token/],
    ['a token that is a list', { access_token: [jwt()] }, /wrong kind: access_token/],
    ['a token and an error', { error: 'invalid_grant' }, /wrong kind: error/],
    ['no issued_token_type', { issued_token_type: undefined }, /wrong kind: issued_token_type/],
    [
      'an ID token',
      { issued_token_type: 'urn:ietf:params:oauth:token-type:id_token' },
      /issued_token_type is "urn.*id_token"/,
    ],
    [
      'a refresh token',
      { issued_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
      /issued_token_type is/,
    ],
    ['a SAML assertion', { issued_token_type: 'urn:ietf:params:oauth:token-type:saml2' }, /issued_token_type is/],
    ['issued_token_type in other case', { issued_token_type: accessTokenType.toUpperCase() }, /issued_token_type is/],
    ['token type DPoP', { token_type: 'DPoP' }, /token_type is "DPoP", expected "Bearer"/],
    ['token type N_A', { token_type: 'N_A' }, /token_type is "N_A"/],
    ['token type mac', { token_type: 'mac' }, /token_type is "mac"/],
    ['no token type', { token_type: undefined }, /wrong kind: token_type/],
    ["the caller's own token", { access_token: callerToken }, /the caller's own token/],
    ['an empty token', { access_token: '' }, /characters/],
    ['a token with a line end', { access_token: 'abc\r\nX-Injected: 1' }, /characters/],
    ['a token with a blank', { access_token: 'abc def' }, /characters/],
    ['a token with a NUL', { access_token: 'abc\u0000' }, /characters/],
    ['a token beyond ASCII', { access_token: 'abcé' }, /characters/],
    ['a token with Bearer before it', { access_token: `Bearer ${jwt()}` }, /characters/],
    [
      'another audience, in a JWT that begins with white space',
      { access_token: spaced({ aud: 'mcpserver' }) },
      /audience is/,
    ],
    ['another audience', { access_token: jwt({ aud: 'mcpserver' }) }, /audience is "mcpserver", asked for "backend"/],
    ['other audiences', { access_token: jwt({ aud: ['a', 'b'] }) }, /audience is \["a","b"\]/],
    ['a longer audience', { access_token: jwt({ aud: 'backend2' }) }, /audience is/],
    ['no audience', { access_token: jwt({ aud: undefined }) }, /audience is null/],
    ['an audience in a list in a list', { access_token: jwt({ aud: [['backend']] }) }, /audience is/],
    ['a JWT that cannot be read', { access_token: jwt('{"aud":"backend"') }, /a JWT, but its payload is not JSON/],
    ['a JWT whose claims are a list', { access_token: jwt('[]') }, /a JWT, but its payload is not a JSON object/],
    [
      'a JWT that begins with white space',
      { access_token: `${encodePart('{\n"alg":"RS256"}')}.e30.AA` },
      /audience is null/,
    ],
    ['a scope fewer in the answer', { scope: 'openid' }, /scope "backend-api:read" was asked for and not granted/],
    ['an empty scope in the answer', { scope: '' }, /not granted/],
    ['a scope fewer in the token', { access_token: jwt({ scp: ['openid'] }) }, /not granted/],
    ['an empty list of scopes in the token', { access_token: jwt({ scp: [] }) }, /not granted/],
    ['scopes in the token that are no text', { access_token: jwt({ scp: [42] }) }, /neither text nor a list/],
    ['an end that passed', { access_token: jwt({ exp: nowMs / 1000 - 1 }) }, /expired already/],
    ['an end that is now', { access_token: jwt({ exp: nowMs / 1000 }) }, /expired already/],
    ['a beginning that is still to come', { access_token: jwt({ nbf: nowMs / 1000 + 120 }) }, /not valid yet: nbf is/],
    ['a beginning 20 000 lists deep', { access_token: jwt(deep) }, /nbf is an object/],
    [
      'the token where its type belongs',
      { access_token: 'opaque-token-of-alice', token_type: 'opaque-token-of-alice' },
      /token_type is "\[removed\]"/,
    ],
    ['a beginning that is no number', { access_token: jwt({ nbf: 'soon' }) }, /not valid yet: nbf is "soon"/],
    ['expires_in of zero', { expires_in: 0 }, /wrong kind: expires_in/],
    ['expires_in below zero', { expires_in: -5 }, /wrong kind: expires_in/],
    ['expires_in that is no number', { expires_in: 'soon' }, /wrong kind: expires_in/],
    ['expires_in true', { expires_in: true }, /wrong kind: expires_in/],
    ['expires_in in a list', { expires_in: [600] }, /wrong kind: expires_in/],
    ['expires_in null', { expires_in: null }, /wrong kind: expires_in/],
    ['scope as a list', { scope: ['backend-api:read'] }, /wrong kind: scope/],
  ];
  for (const [name, changes, reason] of rows) {
    test(`parseAnswer – ${name} – exchange_answer_invalid with the reason`, () => {
      assert.throws(
        () => parse(changes),
        (error) => error instanceof UsherError && error.code === 'exchange_answer_invalid' && reason.test(error.hint),
      );
    });
  }
  for (const wrong of [undefined, null, 'token', 42, [], [body()]]) {
    test(`parseAnswer – a body that is ${JSON.stringify(wrong)?.slice(0, 12) ?? 'no JSON'} – exchange_answer_invalid`, () => {
      assert.throws(
        () => parseAnswer(wrong, asked),
        (error) => error instanceof UsherError && error.code === 'exchange_answer_invalid',
      );
    });
  }
});

describe('what a refusal quotes', () => {
  for (const field of ['issued_token_type', 'token_type']) {
    for (const [name, token] of [
      ["the caller's token", callerToken],
      ['the new token', jwt()],
    ] as const) {
      test(`parseAnswer – ${name} as ${field} – not quoted`, () => {
        assert.throws(
          () => parse({ [field]: token }),
          (error) =>
            error instanceof UsherError &&
            !token.split('.').some((part) => (error.hint + error.message).includes(part)) &&
            error.hint.includes('[removed]'),
        );
      });
    }
  }
});

describe('how long it lives', () => {
  const rows: readonly (readonly [string, Record<string, unknown>, number | undefined])[] = [
    ['expires_in before exp', { expires_in: 600 }, 600],
    ['exp before expires_in', { expires_in: 7200 }, 3600],
    ['expires_in as text', { expires_in: '600' }, 600],
    ['exp alone', { expires_in: undefined }, 3600],
    ['expires_in alone', { access_token: jwt({ exp: undefined }) }, 600],
    ['an exp that is text', { access_token: jwt({ exp: '9999999999' }) }, 600],
    ['neither', { access_token: jwt({ exp: undefined }), expires_in: undefined }, undefined],
    ['an exp that is text alone', { access_token: jwt({ exp: '9999999999' }), expires_in: undefined }, undefined],
    [
      'an exp beyond all numbers',
      { access_token: jwt('{"aud":"backend","exp":1e400}'), expires_in: undefined },
      undefined,
    ],
    ['an opaque token without expires_in', { access_token: 'opaque', expires_in: undefined }, undefined],
  ];
  for (const [name, changes, seconds] of rows) {
    test(`parseAnswer – ${name} – ${seconds === undefined ? 'unknown' : `${seconds} s`}`, () => {
      assert.equal(parse(changes).expiresAtMs, seconds === undefined ? undefined : nowMs + seconds * 1000);
    });
  }
});
