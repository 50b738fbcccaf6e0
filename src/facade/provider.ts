import { HttpClientError, type HttpClient } from '../lib/http-client.ts';
import { parseObject } from '../lib/parse-object.ts';
import { withoutTokens } from '../lib/without-tokens.ts';
import type { Log } from '../model/log.ts';
import type { ClientAuthentication } from '../oauth/token-request.ts';
import { OAuthError } from './oauth-error.ts';

const timeoutMs = 10_000;

/** Where the identity provider is asked, by its metadata. */
export interface ProviderEndpoints {
  readonly authorizationUrl: string;
  readonly tokenUrl: string;
  /** Where tokens are taken back (RFC 7009), if anywhere. */
  readonly revocationUrl: string | undefined;
  /** Does it say who it is in its answers (RFC 9207)? */
  readonly sendsIssuer: boolean;
}

/** The identity provider people are signed in at, and the one client that the façade is there. */
export interface Provider {
  readonly issuer: string;
  readonly clientId: string;
  /** @throws OAuthError temporarily_unavailable when its metadata cannot be had now */
  endpoints(): Promise<ProviderEndpoints>;
  /** Its answer to a token request, as it came.
   * @param secrets what no log may quote
   * @throws OAuthError
   */
  askForTokens(form: Readonly<Record<string, string>>, secrets: readonly string[]): Promise<ProviderTokens>;
  /** Takes a refresh token back, and what came of it (RFC 7009 §2.1). Never rejects.
   * @returns did the provider say that it has?
   */
  revoke(refreshToken: string): Promise<boolean>;
}

export interface ProviderTokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly idToken: string | undefined;
  readonly expiresIn: number | undefined;
  readonly scope: string | undefined;
}

export interface ProviderDeps {
  readonly issuer: string;
  readonly client: ClientAuthentication;
  readonly http: HttpClient;
  readonly log: Log;
  /** Of the mounted server, for the log. */
  readonly name: string;
  /** @throws Error with a reason in a few words */
  readonly discover: () => Promise<ProviderEndpoints>;
}

export function buildProvider({ issuer, client, http, log, name, discover }: ProviderDeps): Provider {
  let known: ProviderEndpoints | undefined;
  const endpoints = async (): Promise<ProviderEndpoints> => {
    try {
      return (known ??= await discover());
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      log.warn('Cannot sign anybody in: the provider is not found', { server: name, issuer, reason });
      throw unavailable('the identity provider cannot be reached now');
    }
  };
  /** Posts a form as the one client. */
  const post = async (url: string, form: Readonly<Record<string, string>>) => {
    const { tokenUrl } = await endpoints();
    const body = new URLSearchParams(form);
    const headers = new Headers({ accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' });
    await client.authenticate({ issuer, token_endpoint: tokenUrl }, { client_id: client.clientId }, body, headers);
    const request = { method: 'POST', headers: Object.fromEntries(headers), body: body.toString(), timeoutMs } as const;
    return { body, answered: (client.http?.() ?? http).send(url, request) };
  };
  return {
    issuer,
    clientId: client.clientId,
    endpoints,
    async revoke(refreshToken) {
      try {
        const { revocationUrl } = await endpoints();
        if (revocationUrl === undefined) return false;
        const { answered } = await post(revocationUrl, { token: refreshToken, token_type_hint: 'refresh_token' });
        const { status } = await answered;
        if (status === 200) return true;
        log.warn('The provider did not take a refresh token back', { server: name, url: revocationUrl, status });
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        log.warn('A refresh token cannot be taken back', { server: name, issuer, reason });
      }
      return false;
    },
    async askForTokens(form, secrets) {
      const { tokenUrl } = await endpoints();
      const { body, answered } = await post(tokenUrl, form);
      const sent = [...secrets, ...client.secrets, body.get('client_assertion') ?? ''];
      const answer = await answered.catch((cause: unknown) => {
        if (!(cause instanceof HttpClientError)) throw cause;
        log.warn('Cannot sign anybody in: the provider does not answer', {
          server: name,
          url: tokenUrl,
          reason: cause.message,
        });
        throw unavailable('the identity provider does not answer now');
      });
      const said = parseObject(await answer.text()) ?? {};
      if (answer.status === 200) return readTokens(said);
      const told = readRefusal(said, sent);
      log.warn('The provider refused a sign-in', { server: name, url: tokenUrl, status: answer.status, ...told });
      throw refusal(answer, { url: tokenUrl, status: answer.status, ...told });
    },
  };
}

function unavailable(description: string, retryAfterSeconds = 2, details?: OAuthError['details']): OAuthError {
  return new OAuthError('temporarily_unavailable', description, {
    status: 503,
    retryAfterSeconds,
    ...(details === undefined ? {} : { details }),
  });
}

/** RFC 6749 §5.1. Bound tokens (RFC 9449) would be of no use to the client: it has not the key. */
function readTokens(said: Readonly<Record<string, unknown>>): ProviderTokens {
  const {
    access_token: accessToken,
    token_type: type,
    refresh_token: refreshToken,
    id_token: idToken,
    expires_in: expiresIn,
    scope,
  } = said;
  if (
    typeof accessToken !== 'string' ||
    accessToken === '' ||
    typeof type !== 'string' ||
    type.toLowerCase() !== 'bearer'
  )
    throw new OAuthError('server_error', 'the answer of the identity provider has no bearer token', { status: 502 });
  const seconds = Number(expiresIn);
  return {
    accessToken,
    refreshToken: typeof refreshToken === 'string' && refreshToken !== '' ? refreshToken : undefined,
    idToken: typeof idToken === 'string' ? idToken : undefined,
    expiresIn: Number.isFinite(seconds) && seconds > 0 ? seconds : undefined,
    scope: typeof scope === 'string' ? scope : undefined,
  };
}

/** The provider's own words, without anything that was sent to it. */
type Told = Readonly<Record<'error' | 'description', string>>;

/** In the form of RFC 6749 §5.2, or of Okta's management API. */
function readRefusal(said: Readonly<Record<string, unknown>>, secrets: readonly string[]): Told {
  const text = (...values: readonly unknown[]) => {
    const found = values.find((value) => typeof value === 'string');
    return found === undefined ? undefined : withoutTokens(found, secrets).slice(0, 300);
  };
  return {
    error: text(said['error'], said['errorCode']) ?? '(no error code)',
    description: text(said['error_description'], said['errorSummary']) ?? '',
  };
}

/** What is up to the user goes on to the client, which then signs in again; what is up to the operator does not: clients throw
 * their registration and refresh tokens away on an error they think is theirs.
 */
function refusal({ status, headers }: Response, details: Told & Readonly<Record<string, string | number>>): OAuthError {
  if (status === 429 || status >= 500) {
    const seconds = Number(headers.get('retry-after'));
    const retry = seconds >= 1 && seconds <= 3600 ? Math.ceil(seconds) : 2;
    return unavailable('the identity provider cannot answer now', retry, details);
  }
  const { error } = details;
  if (error === 'invalid_grant')
    return new OAuthError('invalid_grant', 'the identity provider does not take it any more; sign in again', {
      details,
    });
  if (error === 'invalid_scope')
    return new OAuthError('invalid_scope', 'the identity provider does not grant these scopes', { details });
  if (error === 'access_denied')
    return new OAuthError('invalid_grant', 'the identity provider does not let this user in', { details });
  return new OAuthError(
    'server_error',
    'the identity provider refused the gateway itself; whoever runs it has to mend that',
    { status: 502, details },
  );
}
