import assert from 'node:assert/strict';
import { buildRequest } from '../../../src/credentials/token-exchange/build-token-exchange-credential.ts';
import { tokenExchangeSchema } from '../../../src/credentials/token-exchange/schema.ts';
import type { HttpClient } from '../../../src/lib/http-client.ts';
import { Secret } from '../../../src/model/secret.ts';
import { UsherError } from '../../../src/model/usher-error.ts';
import { buildClientAuthentication } from '../../../src/oauth/client-authentication/build-client-authentication.ts';
import { sendTokenRequest } from '../../../src/oauth/send-token-request.ts';
import { collectLog } from '../../kit/collect-log.ts';
import { orRefusalLater, type Target } from '../target.ts';

const secret = 'gateway-secret-of-some-length';
const callerToken = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.Y2FsbGVyY2FsbGVyY2FsbGVy';
const settings = tokenExchangeSchema.parse({
  strategy: 'token-exchange',
  url: 'https://issuer.example/token',
  clientId: '0oaGateway',
  clientSecret: new Secret(secret),
  audience: ['backend'],
});

/** Whatever the token endpoint answers: a token, or a refusal of this stage that quotes no secret and waits a sane time. */
export async function check(status: number, retryAfter: string | undefined, body: string): Promise<string> {
  const headers = {
    'content-type': 'application/json',
    ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
  };
  const http: HttpClient = {
    send: () => Promise.resolve(new Response([204, 205, 304].includes(status) ? null : body, { status, headers })),
    close: () => Promise.resolve(),
  };
  let code = 'taken';
  await orRefusalLater(async () => {
    try {
      await sendTokenRequest(buildRequest({ callerToken, otherTokens: [], subjectOf: 'caller' }, settings), {
        url: settings.url,
        client: buildClientAuthentication(settings, { log: collectLog().log, now: Date.now, name: 'apollo' }),
        timeoutMs: 1_000,
        http,
        now: () => 1_800_000_000_000,
      });
    } catch (error) {
      if (error instanceof UsherError) {
        code = error.code;
        for (const text of [error.message, error.hint, JSON.stringify(error.details)]) {
          assert.ok(!text.includes(secret) && !text.includes(callerToken), `${code} quotes a secret`);
        }
        const { retryAfterSeconds: seconds } = error;
        assert.ok(seconds === undefined || (Number.isInteger(seconds) && seconds >= 1 && seconds <= 3600));
      }
      throw error;
    }
  }, ['exchange']);
  if (status !== 200) assert.notEqual(code, 'taken');
  return code;
}

/** Status, Retry-After and body, a line each. */
export const target: Target = {
  seeds: [
    '400\n\n{"error":"invalid_grant","error_description":"x"}',
    '429\n17\n{"error":"slow_down"}',
    '503\nWed, 21 Oct 2099 07:28:00 GMT\n<h1>',
    `401\n-1\n{"errorCode":"E0000006","errorSummary":"${secret} ${callerToken}"}`,
    '400\n1e9\n{"error":"invalid_request","error_description":"subject_token is bad"}',
    '302\n0\n',
    '200\n\n{"access_token":"a"}',
  ],
  async fuzz(bytes) {
    const [first = '', second = '', ...rest] = bytes.toString('latin1').split('\n');
    const status = 200 + (/^[2-5]\d\d$/.test(first) ? Number(first) - 200 : bytes.length % 400);
    const isHeader = /^[\u0021-\u007e](?:[\u0020-\u007e]*[\u0021-\u007e])?$/.test(second);
    await check(status, isHeader ? second : undefined, rest.join('\n'));
  },
};
