import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { ErrorCode } from '../../src/model/errors.ts';
import { Secret } from '../../src/model/secret.ts';
import { assertTokenRefused, type Expected } from '../kit/assert-refused.ts';
import { post } from '../kit/call.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { accessTokenType, startIssuer, type TestIssuer } from '../kit/start-issuer.ts';
import { exchangingServer, startTestGateway } from '../kit/start-test-gateway.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';

/** What a token endpoint can answer beside a good token. Whatever it is, nothing goes upstream, the caller learns whose
 * fault it is and nothing of the provider's own words.
 */
const timeoutSeconds = 0.3;
const lab = await startTokenLab({
  server: (usual) => ({
    ...usual,
    ...(usual.credential?.strategy === 'token-exchange' ? { credential: { ...usual.credential, timeoutSeconds } } : {}),
  }),
});
after(() => lab[Symbol.asyncDispose]());

type Answer = TestIssuer['onToken'];
const usualAnswer: Answer = lab.issuer.onToken;
const words = 'The-provider-says-so-in-its-own-words';

const byCode: Partial<Record<ErrorCode, Omit<Expected, 'code'>>> = {
  exchange_subject_refused: { status: 401, challenge: 'invalid_token' },
  exchange_denied: { status: 403, challenge: 'absent' },
  exchange_misconfigured: { status: 502, challenge: 'absent' },
  exchange_answer_invalid: { status: 502, challenge: 'absent' },
  exchange_unavailable: { status: 503, challenge: 'absent' },
};

let calls = 0;

/** One call with a token of its own while the token endpoint answers so; then the same call when it is well again. */
function refuses(rows: readonly (readonly [name: string, answer: Answer, code: ErrorCode, hint?: RegExp])[]): void {
  for (const [name, answer, code, hint] of rows) {
    test(`${name} – ${code}; the next call tries again`, async () => {
      const token = lab.token({ claims: { jti: `AT.${(calls += 1)}` } });
      lab.issuer.onToken = answer;
      const expected = { code, ...byCode[code], isVerified: true, exchanges: 1 };
      const { record, message, headers } = await assertTokenRefused(lab, token, expected);
      assert.ok(!`${message}${[...headers].join(' ')}`.includes(words));
      assert.equal(record.who.sub, 'alice@example.com');
      if (hint !== undefined) assert.match(record.hint ?? '', hint);

      lab.issuer.onToken = usualAnswer;
      assert.equal((await post(lab.gateway.mcpUrl, token)).status, 200);
    });
  }
}

const error =
  (status: number, code: string, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    sendJson(response, status, { error: code, error_description: words }, headers);

describe('the provider refuses', () => {
  refuses([
    ['invalid_grant', error(400, 'invalid_grant'), 'exchange_subject_refused', new RegExp(`invalid_grant: ${words}`)],
    ['access_denied', error(400, 'access_denied'), 'exchange_denied', new RegExp(words)],
    ['invalid_client', error(401, 'invalid_client', { 'www-authenticate': 'Basic' }), 'exchange_misconfigured'],
    ['invalid_scope', error(400, 'invalid_scope'), 'exchange_misconfigured', new RegExp(`invalid_scope: ${words}`)],
    ['unauthorized_client', error(400, 'unauthorized_client'), 'exchange_misconfigured'],
    ['invalid_target', error(400, 'invalid_target'), 'exchange_misconfigured'],
    ['use_dpop_nonce', error(400, 'use_dpop_nonce', { 'dpop-nonce': 'n' }), 'exchange_misconfigured'],
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

describe('the provider is not well', () => {
  refuses([
    ['429', error(429, 'rate_limited'), 'exchange_unavailable', /status 429 rate_limited/],
    ['500', error(500, 'server_error'), 'exchange_unavailable', /status 500/],
    ['a web page with 503', (_, response) => void response.writeHead(503).end(words), 'exchange_unavailable'],
    ['no answer in time', () => {}, 'exchange_unavailable', /no answer within 300 ms/],
    [
      'a head and then nothing',
      (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{'),
      'exchange_unavailable',
      /no answer within 300 ms/,
    ],
    ['a reset', (_, response) => void response.destroy(), 'exchange_unavailable', /connection closed/],
    ['bytes that are no HTTP', (_, response) => void response.socket?.end(`${words}\r\n\r\n`), 'exchange_unavailable'],
    [
      'half an answer',
      (_, response) => {
        response.writeHead(200, { 'content-length': '1000' }).write('{"access_token"');
        setImmediate(() => response.destroy());
      },
      'exchange_unavailable',
    ],
    [
      'an answer without end',
      (_, response) => {
        response.writeHead(200);
        const more = () => {
          while (!response.destroyed && response.write('x'.repeat(64 * 1024)));
        };
        response.on('drain', more);
        more();
      },
      'exchange_unavailable',
      /too large/,
    ],
  ]);

  for (const [header, seconds] of [
    ['17', '17'],
    ['0', '1'],
    ['999999', '3600'],
    ['soon', '2'],
  ] as const) {
    test(`429 with Retry-After ${header} – the caller is told ${seconds} s`, async () => {
      lab.issuer.onToken = error(429, 'slow_down', { 'retry-after': header });
      const token = lab.token({ claims: { jti: `AT.${(calls += 1)}` } });
      const response = await post(lab.gateway.mcpUrl, token);
      assert.deepEqual([response.status, response.headers.get('retry-after')], [503, seconds]);
    });
  }
});

describe('the provider redirects', () => {
  for (const status of [301, 302, 303, 307, 308]) {
    test(`${status} – the secret and the token go nowhere else`, async () => {
      await using elsewhere = await startHttpServer((_, response) => sendJson(response, 200, {}));
      lab.issuer.onToken = (_, response) => void response.writeHead(status, { location: elsewhere.url }).end();
      const { record } = await assertTokenRefused(lab, lab.token({ claims: { jti: `AT.${(calls += 1)}` } }), {
        code: 'exchange_answer_invalid',
        ...byCode.exchange_answer_invalid,
        isVerified: true,
        exchanges: 1,
      });
      assert.match(record.hint ?? '', /a redirect, which is never followed/);
      assert.equal(elsewhere.seen.length, 0);
    });
  }
});

/** An answer that is good but for these changes. */
const good =
  (changes: Record<string, unknown>, claims: Record<string, unknown> = {}): Answer =>
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
  const idTokenType = 'urn:ietf:params:oauth:token-type:id_token';
  refuses([
    [
      'a web page with 200',
      (_, response) => void response.writeHead(200).end(`<h1>${words}`),
      'exchange_answer_invalid',
    ],
    ['204', (_, response) => void response.writeHead(204).end(), 'exchange_answer_invalid'],
    ['an empty body', (_, response) => void response.writeHead(200).end(), 'exchange_answer_invalid'],
    ['an error with 200', error(200, 'invalid_grant'), 'exchange_answer_invalid'],
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
    lab.issuer.onToken = good({});
    assert.equal((await post(lab.gateway.mcpUrl, lab.token({ claims: { jti: 'AT.good' } }))).status, 200);
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
