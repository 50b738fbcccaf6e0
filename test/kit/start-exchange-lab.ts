import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../src/model/errors.ts';
import { assertTokenRefused, type Expected, type Refused } from './assert-refused.ts';
import { post } from './call.ts';
import { sendJson } from './start-http-server.ts';
import type { TestIssuer } from './start-issuer.ts';
import { startTokenLab } from './start-token-lab.ts';

export type ExchangeAnswer = TestIssuer['onToken'];
export type RefusedRow = readonly [name: string, answer: ExchangeAnswer, code: ErrorCode, hint?: RegExp];

/** The provider's own words, which no caller may see. */
export const words = 'The-provider-says-so-in-its-own-words';

/** An OAuth error in those words. */
export const answerError =
  (status: number, error: string, headers: Record<string, string> = {}): ExchangeAnswer =>
  (_, response) =>
    sendJson(response, status, { error, error_description: words }, headers);

const byCode: Partial<Record<ErrorCode, Omit<Expected, 'code'>>> = {
  exchange_subject_refused: { status: 401, challenge: 'invalid_token' },
  exchange_step_up: { status: 401, challenge: 'insufficient_user_authentication' },
  exchange_denied: { status: 403, challenge: 'absent' },
  exchange_misconfigured: { status: 502, challenge: 'absent' },
  exchange_answer_invalid: { status: 502, challenge: 'absent' },
  exchange_unavailable: { status: 503, challenge: 'absent' },
};

/** A lab whose token endpoint answers as the test says, and whose gateway's clock the test moves on. */
export async function startExchangeLab(timeoutSeconds = 10) {
  let laterMs = 0;
  let tokens = 0;
  const lab = await startTokenLab({
    now: () => Date.now() + laterMs,
    server: (usual) => ({
      ...usual,
      ...(usual.credential?.strategy === 'token-exchange'
        ? { credential: { ...usual.credential, timeoutSeconds } }
        : {}),
    }),
  });

  /** A token nobody has used before. */
  const newToken = () => lab.token({ claims: { jti: `AT.${(tokens += 1)}` } });

  /** While the token endpoint answers so. */
  async function answering<T>(answer: ExchangeAnswer, act: () => Promise<T>): Promise<T> {
    const usual = lab.issuer.onToken;
    lab.issuer.onToken = answer;
    try {
      return await act();
    } finally {
      lab.issuer.onToken = usual;
    }
  }

  /** One call with this token, refused with this code after so many requests to the token endpoint. */
  async function assertRefused(callerToken: string, code: ErrorCode, exchanges: number): Promise<Refused> {
    const refused = await assertTokenRefused(lab, callerToken, { code, ...byCode[code], isVerified: true, exchanges });
    assert.ok(!`${refused.message}${[...refused.headers].join(' ')}`.includes(words));
    assert.equal(refused.record.who.sub, 'alice@example.com');
    return refused;
  }

  const pass = (ms: number) => void (laterMs += ms);
  const call = (callerToken: string) => post(lab.gateway.mcpUrl, callerToken);

  return {
    lab,
    newToken,
    answering,
    assertRefused,
    call,
    pass,
    /** For each answer: a call with a token of its own is refused so, after so many requests; then, when no refusal is
     * remembered any more, the same call is answered by a provider that is well again.
     */
    refuses(rows: readonly RefusedRow[], exchanges = 1): void {
      for (const [name, answer, code, hint] of rows) {
        test(`${name} – ${code}; a later call tries again`, async () => {
          const token = newToken();
          const { record } = await answering(answer, () => assertRefused(token, code, exchanges));
          if (hint !== undefined) assert.match(record.hint ?? '', hint);
          pass(5_000);
          assert.equal((await call(token)).status, 200);
        });
      }
    },
    [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
  };
}
