import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import type { ServerResponse } from 'node:http';
import { after, describe, test } from 'node:test';
import { Secret } from '../../src/model/secret.ts';
import { post } from '../kit/call.ts';
import { answerError, startExchangeLab, words, type ExchangeAnswer } from '../kit/start-exchange-lab.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { accessTokenType, startIssuer } from '../kit/start-issuer.ts';
import { exchangingServer, startTestGateway } from '../kit/start-test-gateway.ts';

/** What a token endpoint can answer beside a good token. Whatever it is, nothing goes upstream, the caller learns whose
 * fault it is and nothing of the provider's own words.
 */
const at = await startExchangeLab();
after(() => at[Symbol.asyncDispose]());
const { lab } = at;

describe('the provider refuses', () => {
  at.refuses([
    [
      'invalid_grant',
      answerError(400, 'invalid_grant'),
      'exchange_subject_refused',
      new RegExp(`invalid_grant: ${words}`),
    ],
    ['access_denied', answerError(400, 'access_denied'), 'exchange_denied', new RegExp(words)],
    ['invalid_client', answerError(401, 'invalid_client', { 'www-authenticate': 'Basic' }), 'exchange_misconfigured'],
    [
      'invalid_scope',
      answerError(400, 'invalid_scope'),
      'exchange_misconfigured',
      new RegExp(`invalid_scope: ${words}`),
    ],
    ['unauthorized_client', answerError(400, 'unauthorized_client'), 'exchange_misconfigured'],
    ['invalid_target', answerError(400, 'invalid_target'), 'exchange_misconfigured'],
    ['use_dpop_nonce', answerError(400, 'use_dpop_nonce', { 'dpop-nonce': 'n' }), 'exchange_misconfigured'],
    [
      "Okta's own form of an error",
      (_, response) => sendJson(response, 403, { errorCode: 'E0000006', errorSummary: words }),
      'exchange_misconfigured',
      new RegExp(`E0000006: ${words}`),
    ],
    [
      'a web page with 403',
      (_, response) => void response.writeHead(403).end(`<h1>${words}`),
      'exchange_misconfigured',
    ],
  ]);
});

describe('the provider wants another sign-in', () => {
  const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
  const answer = (body: Record<string, unknown>): ExchangeAnswer => {
    return (_, response) => sendJson(response, 400, { error_description: words, ...body });
  };
  at.refuses([
    ['interaction_required alone', answer({ error: 'interaction_required' }), 'exchange_subject_refused'],
    ['claims that are no JSON', answer({ error: 'interaction_required', claims: words }), 'exchange_subject_refused'],
    ['interaction_required with claims', answer({ error: 'interaction_required', claims }), 'exchange_step_up'],
    ['insufficient_user_authentication', answer({ error: 'insufficient_user_authentication' }), 'exchange_step_up'],
  ]);

  for (const [name, body, parameters] of [
    [
      "Entra's claims",
      { error: 'interaction_required', claims },
      { claims: Buffer.from(claims).toString('base64url') },
    ],
    [
      'acr_values and max_age',
      { error: 'insufficient_user_authentication', acr_values: 'urn:mfa', max_age: 300 },
      { acr_values: 'urn:mfa', max_age: '300' },
    ],
  ] as const) {
    test(`${name} – in the challenge, and nothing else of its words`, async () => {
      const { headers } = await at.answering(answer(body), () =>
        at.assertRefused(at.newToken(), 'exchange_step_up', 1),
      );
      const found = headers.get('www-authenticate') ?? '';
      for (const [parameter, value] of Object.entries(parameters))
        assert.ok(found.includes(`, ${parameter}="${value}", `), found);
    });
  }

  test('claims that repeat the secret and the token – not handed on', async () => {
    const repeats: ExchangeAnswer = (request, response) => {
      const repeated = JSON.stringify({ sent: request.body, header: 'gateway-secret' });
      return answer({ error: 'interaction_required', claims: repeated })(request, response);
    };
    await at.answering(repeats, () => at.assertRefused(at.newToken(), 'exchange_subject_refused', 1));
  });
});

describe('the provider redirects', () => {
  for (const status of [300, 301, 302, 303, 304, 305, 307, 308]) {
    test(`${status} – the secret and the token go nowhere else`, async () => {
      await using elsewhere = await startHttpServer((_, response) => sendJson(response, 200, {}));
      const redirect: ExchangeAnswer = (_, response) =>
        void response.writeHead(status, { location: elsewhere.url }).end();
      const { record } = await at.answering(redirect, () =>
        at.assertRefused(at.newToken(), 'exchange_answer_invalid', 1),
      );
      assert.match(record.hint ?? '', /a redirect, which is never followed/);
      assert.equal(elsewhere.seen.length, 0);
    });
  }
});

/** An answer that is good but for these changes. */
const good =
  (changes: Record<string, unknown>, claims: Record<string, unknown> = {}): ExchangeAnswer =>
  (_, response) =>
    sendJson(response, 200, {
      access_token: lab.token({ claims: { aud: 'backend', scp: ['backend-api:read'], ...claims } }),
      issued_token_type: accessTokenType,
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'backend-api:read',
      ...changes,
    });

describe('the answer is no token for this call', () => {
  const nowSeconds = Math.floor(Date.now() / 1000);
  /** 64 MiB of blanks. */
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '));
  const sendText = (response: ServerResponse, text: string) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(text);
  const twice = (first: string, last: string) =>
    `{"access_token":"${first}","access_token":"${last}","issued_token_type":"${accessTokenType}","token_type":"Bearer"}`;
  const idTokenType = 'urn:ietf:params:oauth:token-type:id_token';
  at.refuses([
    [
      'a web page with 200',
      (_, response) => void response.writeHead(200).end(`<h1>${words}`),
      'exchange_answer_invalid',
    ],
    [
      'a gzip bomb nobody asked for',
      (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
      'exchange_answer_invalid',
      /the body/,
    ],
    ['a list', (_, response) => sendJson(response, 200, [{}]), 'exchange_answer_invalid'],
    ['no token', good({ access_token: undefined }), 'exchange_answer_invalid', /access_token/],
    ['a token that is a number', good({ access_token: 1 }), 'exchange_answer_invalid', /access_token/],
    ['no issued_token_type', good({ issued_token_type: undefined }), 'exchange_answer_invalid', /issued_token_type/],
    ['no token_type', good({ token_type: undefined }), 'exchange_answer_invalid', /token_type/],
    ['a lifetime in words', good({ expires_in: 'an hour' }), 'exchange_answer_invalid', /expires_in/],
    ['a lifetime that is over', good({ expires_in: 0 }), 'exchange_answer_invalid', /expires_in/],
    [
      "two tokens, the last one the caller's own",
      (request, response) => {
        const own = new URLSearchParams(request.body).get('subject_token') ?? '';
        sendText(response, twice('a-token', own));
      },
      'exchange_answer_invalid',
      /the caller's own token/,
    ],
    ['204', (_, response) => void response.writeHead(204).end(), 'exchange_answer_invalid'],
    ['an empty body', (_, response) => void response.writeHead(200).end(), 'exchange_answer_invalid'],
    ['an error with 200', answerError(200, 'invalid_grant'), 'exchange_answer_invalid'],
    ['a token and an error', good({ error: 'invalid_grant', error_description: words }), 'exchange_answer_invalid'],
    [
      'another audience',
      good({}, { aud: 'mcpserver' }),
      'exchange_answer_invalid',
      /audience is "mcpserver", asked for "backend"/,
    ],
    [
      'a scope missing in the token',
      good({}, { scp: ['openid'] }),
      'exchange_answer_invalid',
      /scope "backend-api:read"/,
    ],
    ['a scope missing in the answer', good({ scope: 'openid' }), 'exchange_answer_invalid'],
    ['an ID token', good({ issued_token_type: idTokenType }), 'exchange_answer_invalid'],
    ['a token bound by DPoP', good({ token_type: 'DPoP' }), 'exchange_answer_invalid'],
    ['token type N_A', good({ token_type: 'N_A' }), 'exchange_answer_invalid'],
    ['a token that ended', good({}, { exp: nowSeconds - 1 }), 'exchange_answer_invalid', /expired already/],
    ['a token with a line end', good({ access_token: 'abc\r\nx-injected: 1' }), 'exchange_answer_invalid'],
    [
      "the caller's own token",
      (request, response) =>
        good({ access_token: new URLSearchParams(request.body).get('subject_token') })(request, response),
      'exchange_answer_invalid',
      /the caller's own token/,
    ],
    [
      "the caller's own token as token type",
      (request, response) =>
        good({ token_type: new URLSearchParams(request.body).get('subject_token') })(request, response),
      'exchange_answer_invalid',
    ],
    [
      'an error that repeats all it was sent',
      (request, response) =>
        sendJson(response, 400, {
          error: `invalid ${request.headers.authorization}`,
          error_description: `${words} ${request.body} ${request.headers.authorization}`,
        }),
      'exchange_misconfigured',
      /\[removed\]/,
    ],
  ]);

  test('a good answer – none of the checks is in its way', async () => {
    await at.answering(good({}), async () => assert.equal((await at.call(at.newToken())).status, 200));
  });

  test('two tokens – the last one is checked, and it is the one that is sent (RFC 8259 §4)', async () => {
    const own = at.newToken();
    const answer: ExchangeAnswer = (_, response) => sendText(response, twice(own, 'a-token'));
    await at.answering(answer, async () => assert.equal((await at.call(own)).status, 200));
    assert.equal(lab.upstream.seen.at(-1)?.headers.authorization, 'Bearer a-token');
  });
});

for (const [name, aud, status] of [
  ['the resource asked for', 'https://api.example/', 200],
  ['something else', 'https://other.example/', 502],
] as const) {
  test(`an exchange by resource indicator alone – a token for ${name} – ${status}`, async () => {
    await using issuer = await startIssuer();
    await using upstream = await startHttpServer((_, response) => sendJson(response, 200, {}));
    issuer.onToken = async (_, response) => {
      const access_token = await issuer.sign({ aud });
      sendJson(response, 200, {
        access_token,
        issued_token_type: accessTokenType,
        token_type: 'Bearer',
        expires_in: 60,
      });
    };
    const credential = {
      strategy: 'token-exchange' as const,
      url: issuer.tokenUrl,
      clientId: '0oaGateway',
      clientSecret: new Secret('gateway-secret'),
      resource: ['https://api.example/'],
    };
    await using gateway = await startTestGateway({ apollo: exchangingServer(issuer, upstream, { credential }) });
    assert.equal((await post(gateway.mcpUrl, await issuer.sign())).status, status);
    assert.equal(upstream.seen.length, status === 200 ? 1 : 0);
  });
}
