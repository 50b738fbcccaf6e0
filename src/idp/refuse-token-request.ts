import type { errors, KoaContextWithOIDC } from 'oidc-provider';
import { randomUUID } from 'node:crypto';
import { deviceCodeGrant } from '../model/urns.ts';
import { isPolledTooSoon } from './device-flow.ts';
import type { Org, ServerContext } from './org.ts';
import { Refusal, refusalBody, type RefusalCode } from './refusals.ts';

/** Answers a refused request of an app (token, introspection, revocation) in Okta's words and logs why. What Okta has
 * no words for keeps those of oidc-provider.
 */
export function refuseTokenRequest(
  { org, server }: ServerContext,
  ctx: KoaContextWithOIDC,
  error: errors.OIDCProviderError,
): void {
  const refusal = error instanceof Refusal ? error : findRefusal(org, ctx, error);
  const requestId = randomUUID().replaceAll('-', '').slice(0, 20);
  const params = ctx.oidc.params ?? {};
  org.log('token refused', {
    server: server.id,
    endpoint: ctx.oidc.route,
    grant: params.grant_type,
    client: ctx.oidc.client?.clientId ?? params.client_id,
    scopes: params.scope,
    error: refusal?.error ?? error.error,
    code: refusal?.code,
    reason: refusal?.reason ?? error.error_detail ?? error.error_description,
    requestId,
  });
  // Apps read JSON, also those that say they accept HTML.
  ctx.remove('Content-Type');
  if (refusal === undefined) {
    ctx.body = { error: error.error, error_description: error.error_description };
    return;
  }
  ctx.status = refusal.statusCode;
  ctx.body = refusalBody(refusal, requestId);
  // RFC 6749 §5.2 has the challenge for failed client authentication only.
  if (refusal.error !== 'invalid_client') ctx.remove('WWW-Authenticate');
}

/** Okta's refusal for what oidc-provider found, by what it calls it: the error detail where there is one, which is
 * more exact than the description.
 */
function findRefusal(org: Org, ctx: KoaContextWithOIDC, error: errors.OIDCProviderError): Refusal | undefined {
  const found = error.error_detail ?? error.error_description ?? '';
  const code = byFinding[found] ?? byError(org, ctx, error);
  if (code === undefined) return undefined;
  const grantTypes = (ctx.oidc.client?.grantTypes ?? []).join(', ');
  return new Refusal(code, found, { grantTypes });
}

const byFinding: Readonly<Record<string, RefusalCode>> = {
  'client not found': 'client_unknown',
  'no client authentication mechanism provided': 'client_unknown',
  'invalid secret provided': 'secret_invalid',
  'the provided authentication mechanism does not match the registered client authentication method':
    'client_authentication_failed',
  'client authentication must only be provided using one mechanism': 'credentials_ambiguous',
  'requested grant type is not allowed for this client': 'grant_not_configured',
  [`${deviceCodeGrant} is not allowed for this client`]: 'grant_not_configured',
  'DPoP proof JWT not provided': 'dpop_missing',
  'code_verifier must be provided': 'pkce_failed',
  'code_verifier does not match code_challenge': 'pkce_failed',
};

const invalidGrants: Readonly<Record<string, RefusalCode>> = {
  refresh_token: 'refresh_token_invalid',
  [deviceCodeGrant]: 'device_code_invalid',
};

function byError(org: Org, ctx: KoaContextWithOIDC, { error }: errors.OIDCProviderError): RefusalCode | undefined {
  switch (error) {
    case 'authorization_pending':
      return isPolledTooSoon({ org }, ctx) ? 'slow_down' : 'authorization_pending';
    case 'expired_token':
      return 'device_code_expired';
    case 'access_denied':
      return ctx.oidc.params?.grant_type === deviceCodeGrant ? 'consent_denied' : undefined;
    case 'invalid_client':
      return 'client_authentication_failed';
    case 'unsupported_grant_type':
      return 'grant_unsupported';
    case 'use_dpop_nonce':
      return 'dpop_nonce_missing';
    case 'invalid_grant':
      return invalidGrants[String(ctx.oidc.params?.grant_type)] ?? 'code_invalid';
    default:
      return undefined;
  }
}
