import {
  allowInsecureRequests,
  ClientSecretPost,
  customFetch,
  genericTokenEndpointRequest,
  type ClientAuth,
} from 'oauth4webapi';
import { z } from 'zod';
import { HttpClientError, type HttpClient } from '../../lib/http-client.ts';
import { fail } from '../../model/usher-error.ts';
import { classifyRefusal, type Refusal } from './classify-refusal.ts';
import { findStepUp } from './find-step-up.ts';
import { parseAnswer, type ExchangedToken } from './parse-answer.ts';
import type { TokenExchangeSettings } from './schema.ts';
import { withoutSecrets } from './without-secrets.ts';

const grantType = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';

/** One RFC 8693 request to the token endpoint, once, within this time. `requested_token_type` is left out: an access token is the default, and
 * some providers refuse the parameter.
 * @throws UsherError of stage exchange
 */
export async function requestToken(
  callerToken: string,
  settings: TokenExchangeSettings,
  deps: RequestDeps,
  timeoutMs: number,
): Promise<ExchangedToken> {
  const { url, clientId } = settings;
  const parameters = new URLSearchParams({ subject_token: callerToken, subject_token_type: accessTokenType });
  for (const audience of settings.audience) parameters.append('audience', audience);
  for (const resource of settings.resource) parameters.append('resource', resource);
  if (settings.scopes.length > 0) parameters.set('scope', settings.scopes.join(' '));

  const answer = await answerOf(url, () =>
    genericTokenEndpointRequest(
      { issuer: url, token_endpoint: url },
      { client_id: clientId },
      clientAuthentication(settings),
      grantType,
      parameters,
      {
        // Plain http was allowed or refused when the configuration was read.
        [allowInsecureRequests]: true,
        [customFetch]: (target, { method, headers, body }) =>
          deps.http.send(target, { method, headers, body: body.toString(), timeoutMs }),
      },
    ),
  );
  const body: unknown = await answer.json().catch(() => undefined);
  const secrets = [callerToken, ...secretForms(settings)];
  if (answer.status !== 200) throw classifyRefusal(readRefusal(answer, body, { url, secrets, nowMs: deps.now() }));
  // A provider that is asked by resource indicator only names that resource in the token (RFC 8707 §2).
  const audience = settings.audience.length === 0 ? settings.resource : settings.audience;
  return parseAnswer(body, { url, audience, scopes: settings.scopes, callerToken, secrets, nowMs: deps.now() });
}

export interface RequestDeps {
  readonly http: HttpClient;
  readonly now: () => number;
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

function clientAuthentication(settings: TokenExchangeSettings): ClientAuth {
  const secret = settings.clientSecret.reveal();
  switch (settings.clientAuthentication) {
    case 'client_secret_basic':
      return clientSecretBasic(secret);
    case 'client_secret_post':
      return ClientSecretPost(secret);
  }
}

/** RFC 6749 §2.3.1: both halves form-encoded, then Basic. */
function clientSecretBasic(secret: string): ClientAuth {
  return (_server, { client_id: clientId }, _body, headers) => {
    headers.set('authorization', `Basic ${basicCredentials(clientId, secret)}`);
  };
}

function basicCredentials(clientId: string, secret: string): string {
  return Buffer.from(`${formEncoded(clientId)}:${formEncoded(secret)}`).toString('base64');
}

/** Encoded as the WHATWG form serialiser does it, which leaves `-`, `.` and `_` alone: the secrets providers make are then
 * the same for a provider that forgets to decode.
 */
function formEncoded(value: string): string {
  return new URLSearchParams([['', value]]).toString().slice(1);
}

/** The client secret in every form it is sent in. */
function secretForms({ clientId, clientSecret }: TokenExchangeSettings): readonly string[] {
  const secret = clientSecret.reveal();
  return [basicCredentials(clientId, secret), secret, formEncoded(secret)];
}

interface RefusalContext {
  readonly url: string;
  readonly secrets: readonly string[];
  readonly nowMs: number;
}

function readRefusal(answer: Response, body: unknown, { url, secrets, nowMs }: RefusalContext): Refusal {
  const fields = refusalSchema.parse(body);
  const error = fields.error ?? fields.errorCode ?? '';
  const description = fields.error_description ?? fields.errorSummary ?? '';
  return {
    url,
    status: answer.status,
    error: withoutSecrets(error, secrets).slice(0, 100),
    description: withoutSecrets(description, secrets).slice(0, 300),
    retryAfterSeconds: parseRetryAfter(answer.headers.get('retry-after'), nowMs),
    stepUp: findStepUp(body, secrets),
  };
}

const optionalText = z.string().optional().catch(undefined);
/** RFC 6749 §5.2, and the form of Okta's management API, in which it answers some errors here too. */
const refusalSchema = z
  .object({ error: optionalText, error_description: optionalText, errorCode: optionalText, errorSummary: optionalText })
  .catch({});

/** RFC 9110 §10.2.3: seconds or a date; kept between a second and an hour. */
function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - nowMs) / 1000;
  return Number.isFinite(seconds) ? Math.min(3600, Math.max(1, Math.ceil(seconds))) : undefined;
}
