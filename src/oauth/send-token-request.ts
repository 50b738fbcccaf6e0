import { allowInsecureRequests, customFetch, genericTokenEndpointRequest } from 'oauth4webapi';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import { HttpClientError, type HttpClient } from '../lib/http-client.ts';
import { withoutTokens } from '../lib/without-tokens.ts';
import type { ExplainRefusal } from '../model/provider.ts';
import { fail } from '../model/usher-error.ts';
import { classifyRefusal, type Refusal } from './classify-refusal.ts';
import { findStepUp } from './find-step-up.ts';
import { parseAnswer, type IssuedToken } from './parse-answer.ts';
import type { ClientAuthentication, TokenRequest } from './token-request.ts';
import type { Prover } from './prover.ts';

/** Where a request goes, and as whom. */
export interface SendOptions {
  readonly url: string;
  readonly client: ClientAuthentication;
  readonly timeoutMs: number;
  readonly http: HttpClient;
  readonly now: Clock;
  /** Present where the token is to be bound to a key (RFC 9449 §5). */
  readonly prover?: Prover | undefined;
  readonly explainRefusal?: ExplainRefusal | undefined;
}

/** One request to the token endpoint, once, within this time; a second time where it wants another nonce in the proof of
 * possession (RFC 9449 §8).
 * @throws UsherError of stage exchange
 */
export async function sendTokenRequest(request: TokenRequest, options: SendOptions): Promise<IssuedToken> {
  const { url, client, timeoutMs, now, prover } = options;
  const askedAtMs = now();
  const deadlineAtMs = performance.now() + timeoutMs;
  let { answer, assertion, proof } = await send(request, options, timeoutMs);
  let body: unknown = await answer.json().catch(() => undefined);
  // Every answer may bring the nonce for the next request.
  const hasNew = prover?.learnNonce(url, answer.headers.get('dpop-nonce'), proof) === true;
  const leftMs = Math.round(deadlineAtMs - performance.now());
  if (hasNew && answer.status !== 200 && refusalSchema.parse(body).error === 'use_dpop_nonce' && leftMs > 0) {
    ({ answer, assertion, proof } = await send(request, options, leftMs));
    body = await answer.json().catch(() => undefined);
    prover.learnNonce(url, answer.headers.get('dpop-nonce'), proof);
  }
  const { callerToken = '', otherTokens = [] } = request;
  const secrets = [callerToken, ...otherTokens, assertion, ...client.secrets];
  // Its life begins when it was asked for; where the clock was set back meanwhile, not in the future.
  const nowMs = Math.min(askedAtMs, now());
  if (answer.status !== 200) {
    const refusal = { ...readRefusal(answer, body, { url, secrets, nowMs }), isProven: prover !== undefined };
    throw classifyRefusal({ ...refusal, known: options.explainRefusal?.(refusal) }, request.subjectOf);
  }
  const { audience, scopes, answer: kind, nameScope } = request;
  return parseAnswer(body, {
    url,
    audience,
    scopes,
    callerToken: request.callerToken,
    otherTokens,
    answer: kind,
    nameScope,
    secrets,
    nowMs,
    jkt: prover?.thumbprint,
  });
}

interface Sent {
  readonly answer: Response;
  /** What the client proved itself with, where that was made for this request. */
  readonly assertion: string;
  /** The proof of possession; empty without one. */
  readonly proof: string;
}

async function send(request: TokenRequest, options: SendOptions, timeoutMs: number): Promise<Sent> {
  const { url, client, prover } = options;
  const proof = prover?.prove({ method: 'POST', url }) ?? '';
  let assertion = '';
  const answer = await answerOf(url, () =>
    genericTokenEndpointRequest(
      { issuer: url, token_endpoint: url },
      { client_id: client.clientId },
      client.authenticate,
      request.grantType,
      request.parameters,
      {
        // Plain http was allowed or refused when the configuration was read.
        [allowInsecureRequests]: true,
        [customFetch]: (target, { method, headers, body }) => {
          assertion = body.get('client_assertion') ?? '';
          const http = client.http?.() ?? options.http;
          return http.send(target, {
            method,
            headers: proof === '' ? headers : { ...headers, dpop: proof },
            body: body.toString(),
            timeoutMs,
          });
        },
      },
    ),
  );
  return { answer, assertion, proof };
}

/** No answer at all is the provider's trouble, not the caller's: 503, and the caller keeps its token. */
async function answerOf(url: string, request: () => Promise<Response>): Promise<Response> {
  try {
    return await request();
  } catch (cause) {
    if (cause instanceof HttpClientError) throw fail('exchange_unavailable', { url, reason: cause.message }, { cause });
    throw cause;
  }
}

interface RefusalContext {
  readonly url: string;
  readonly secrets: readonly string[];
  readonly nowMs: number;
}

function readRefusal(answer: Response, body: unknown, { url, secrets, nowMs }: RefusalContext): Refusal {
  const fields = refusalSchema.parse(body);
  // Entra says invalid_grant where nobody consented, and what it means beside it.
  const error = fields.suberror === 'consent_required' ? fields.suberror : (fields.error ?? fields.errorCode ?? '');
  const description = fields.error_description ?? fields.errorSummary ?? '';
  return {
    url,
    status: answer.status,
    error: withoutTokens(error, secrets).slice(0, 100),
    description: withoutTokens(description, secrets).slice(0, 300),
    retryAfterSeconds: parseRetryAfter(answer.headers.get('retry-after'), nowMs),
    stepUp: findStepUp(body, secrets),
  };
}

const optionalText = z.string().optional().catch(undefined);
/** RFC 6749 §5.2, and the form of Okta's management API, in which it answers some errors here too. */
const refusalSchema = z
  .object({
    error: optionalText,
    suberror: optionalText,
    error_description: optionalText,
    errorCode: optionalText,
    errorSummary: optionalText,
  })
  .catch({});

/** RFC 9110 §10.2.3: seconds or a date; kept between a second and an hour. */
export function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - nowMs) / 1000;
  return Number.isFinite(seconds) ? Math.min(3600, Math.max(1, Math.ceil(seconds))) : undefined;
}
