import { AuthorizationResponseError, OperationProcessingError, ResponseBodyError } from 'oauth4webapi';
import { describe } from '../../lib/describe-error.ts';
import { HttpClientError } from '../../lib/http-client.ts';
import { withoutTokens } from '../../lib/without-tokens.ts';
import { UsherError } from '../../model/usher-error.ts';

/** Why nobody is signed in, in a few words, and what to do about it. */
export class LoginTrouble extends Error {
  override readonly name = 'LoginTrouble';
  readonly advice: string;
  /** The provider will say no again: what was handed in is worth nothing any more. */
  readonly isFinal: boolean;
  /** The provider does not know the client, or may not: one that Usher registered itself is worth nothing any more. */
  readonly isOfClient: boolean;
  /** The provider's own (RFC 6749 §5.2). */
  readonly code: string | undefined;

  constructor(
    reason: string,
    advice: string,
    { cause, isFinal = false, isOfClient = false, code }: TroubleOptions = {},
  ) {
    super(reason, { cause });
    this.advice = advice;
    this.isFinal = isFinal;
    this.isOfClient = isOfClient;
    this.code = code;
  }
}

interface TroubleOptions {
  readonly cause?: unknown;
  readonly isFinal?: boolean;
  readonly isOfClient?: boolean;
  readonly code?: string;
}

/** RFC 6749 §4.1.2.1, §5.2. */
const ofClient = new Set(['invalid_client', 'unauthorized_client']);

const saidNo = 'Whoever signed in said no, or may not use this client: sign in again, or ask the administrator';
const advices: Readonly<Record<string, string>> = {
  access_denied: saidNo,
  // Entra's word (learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code#expected-errors).
  authorization_declined: saidNo,
  invalid_client: 'Check --remote-auth-client-id and its secret; a client without a secret is a public one',
  unauthorized_client:
    'The client may not use this grant: allow it at the provider (authorization code or device code, refresh token)',
  invalid_scope: 'Check --remote-auth-scopes against what the authorization server offers and its policy grants',
  invalid_request: 'The provider’s log tells more; check resource, scopes and the redirect URI',
  invalid_grant: 'Sign in again',
  invalid_target: 'Check --remote-auth-resource: the authorization server does not know this resource (RFC 8707)',
  expired_token: 'The code was not used in time: start again',
};

/** What went wrong while somebody signed in, or at the token endpoint. What the provider says is quoted without secrets. */
export function readTrouble(cause: unknown, secrets: readonly string[]): LoginTrouble {
  if (cause instanceof LoginTrouble) return cause;
  if (cause instanceof ResponseBodyError || cause instanceof AuthorizationResponseError) {
    const clean = (text: string) => withoutTokens(text, secrets).slice(0, 300);
    const said = cause.error_description === undefined ? '' : `: ${clean(cause.error_description)}`;
    const isFinal = cause instanceof ResponseBodyError && cause.error === 'invalid_grant';
    const advice = advices[cause.error] ?? 'The provider’s log tells more';
    const isOfClient = ofClient.has(cause.error);
    return new LoginTrouble(`the provider answered ${clean(cause.error)}${said}`, advice, {
      cause,
      isFinal,
      isOfClient,
      code: cause.error,
    });
  }
  if (cause instanceof HttpClientError) {
    const advice = 'Check the address, and --ca-file for a provider with a private certificate; then try again';
    return new LoginTrouble(`the provider cannot be reached: ${cause.message}`, advice, { cause });
  }
  // Of this machine, as a secret store that cannot be read: no word of the provider's.
  if (cause instanceof UsherError)
    return new LoginTrouble(withoutTokens(cause.message, secrets), cause.hint, { cause });
  const advice = 'The provider does not answer as OAuth 2.0 or OpenID Connect want it to';
  // Its code says less than its words.
  const reason = cause instanceof OperationProcessingError ? cause.message : describe(cause);
  return new LoginTrouble(`its answer cannot be used: ${withoutTokens(reason, secrets)}`, advice, { cause });
}
