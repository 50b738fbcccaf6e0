import { allowInsecureRequests, customFetch, introspectionRequest } from 'oauth4webapi';
import { z } from 'zod';
import { HttpClientError, type HttpClient } from '../../lib/http-client.ts';
import { parseObject } from '../../lib/parse-object.ts';
import { withoutTokens } from '../../lib/without-tokens.ts';
import { fail } from '../../model/usher-error.ts';
import { StatusError } from '../../oauth/classify-refusal.ts';
import { parseRetryAfter } from '../../oauth/send-token-request.ts';
import type { ClientAuthentication } from '../../oauth/token-request.ts';

/** Where is asked, and as whom. */
export interface AskOptions {
  readonly issuer: string;
  readonly url: string;
  readonly client: ClientAuthentication;
  readonly timeoutMs: number;
  readonly http: HttpClient;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Claims of a token that is active, not yet checked. */
export type Introspected = Readonly<Record<string, unknown>>;

/** What an issuer says of a token that is active. */
export interface IntrospectionAnswer {
  readonly claims: Introspected;
  /** How long the answer was: what it takes to keep it. */
  readonly characters: number;
}

/** Characters; an answer has a dozen claims. */
const longestAnswer = 64 * 1024;

const optionalText = z.string().optional().catch(undefined);
const errorSchema = z.object({ error: optionalText, error_description: optionalText }).catch({});

/** Asks the issuer about a token, once (RFC 7662 §2.1). Undefined when it is not active: expired, revoked, never issued
 * there, or none of the gateway's business (§2.2).
 * @throws UsherError introspection_unavailable, introspection_misconfigured, introspection_answer_invalid
 */
export async function sendIntrospection(
  callerToken: string,
  options: AskOptions,
): Promise<IntrospectionAnswer | undefined> {
  const { issuer, url, nowMs } = options;
  const invalid = (reason: string) => fail('introspection_answer_invalid', { issuer, url, reason });
  const answer = await send(callerToken, options);
  if (answer.status >= 300 && answer.status < 400)
    throw invalid(`status ${answer.status}: a redirect, which is never followed`);
  const text = await answer.text();
  if (answer.status !== 200) throw refusalOf(answer, text, [callerToken, ...options.client.secrets], options);
  const type = answer.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  // RFC 9701 §5. It was not asked for, and whoever cannot verify it must not believe it.
  if (type === 'application/token-introspection+jwt' || type === 'application/jwt')
    throw invalid('it is a signed JWT (RFC 9701), expected JSON; let it answer this client with application/json');
  if (text.length > longestAnswer) throw invalid(`it has ${text.length} characters, expected ${longestAnswer} at most`);
  const body = parseObject(text);
  if (body === undefined) throw invalid('it is not a JSON object');
  const { active } = body;
  if (typeof active !== 'boolean') throw invalid('active is not true or false (RFC 7662 §2.2)');
  return active ? { claims: body, characters: text.length } : undefined;

  function refusalOf(refused: Response, words: string, secrets: readonly string[], { client }: AskOptions): Error {
    const { status } = refused;
    if (status === 408 || status === 429 || status >= 500) {
      const retryAfterSeconds = parseRetryAfter(refused.headers.get('retry-after'), nowMs);
      const cause = new StatusError({ status, retryAfterSeconds });
      const extra = retryAfterSeconds === undefined ? { cause } : { cause, retryAfterSeconds };
      return fail('introspection_unavailable', { issuer, url, reason: `status ${status}` }, extra);
    }
    const { error = '(no error code)', error_description: description = '(no description)' } = errorSchema.parse(
      parseObject(words),
    );
    return fail('introspection_misconfigured', {
      issuer,
      url,
      clientId: client.clientId,
      status,
      error: withoutTokens(error, secrets).slice(0, 100),
      description: withoutTokens(description, secrets).slice(0, 300),
    });
  }
}

/** No answer at all is the issuer's trouble, not the caller's: 503, and the caller keeps its token. */
async function send(callerToken: string, { issuer, url, client, timeoutMs, http }: AskOptions): Promise<Response> {
  try {
    return await introspectionRequest(
      { issuer, introspection_endpoint: url },
      { client_id: client.clientId },
      client.authenticate,
      callerToken,
      {
        // RFC 7662 §2.1: which kind it most likely is. A hint; whatever the provider finds is checked.
        additionalParameters: { token_type_hint: 'access_token' },
        // Plain http was allowed or refused when the configuration was read.
        [allowInsecureRequests]: true,
        [customFetch]: (target, { method, headers, body }) =>
          (client.http?.() ?? http).send(target, { method, headers, body: body.toString(), timeoutMs }),
      },
    );
  } catch (cause) {
    if (!(cause instanceof HttpClientError)) throw cause;
    throw fail('introspection_unavailable', { issuer, url, reason: cause.message }, { cause });
  }
}
