import { decodeJwt } from 'jose';
import type { TokenEndpointGrantContext } from 'oidc-provider';
import { verifyAccessToken, type Verdict } from './access-token.ts';
import { parseScopes } from './decide.ts';
import { issueAccessToken } from './issue-access-token.ts';
import { oidcScopes } from './oidc-scopes.ts';
import type { ServerContext } from './org.ts';
import { Refusal } from './refusals.ts';
import { accessTokenType, tokenExchangeGrant } from '../model/urns.ts';

/** Parameters of the grant (RFC 8693 §2.1). Those we know and refuse are here too, or they would be ignored silently. */
export const tokenExchangeParameters = [
  'subject_token',
  'subject_token_type',
  'audience',
  'scope',
  'requested_token_type',
  'actor_token',
  'actor_token_type',
] as const;

/** What the grant is called with. */
export type ExchangeContext = TokenEndpointGrantContext<
  Partial<Record<(typeof tokenExchangeParameters)[number], string>>
>;

/** RFC 8693 as Okta does it under the name On-Behalf-Of (developer.okta.com/docs/guides/set-up-token-exchange): an
 * access token of this server or of one it trusts becomes a token of this server for the same user, issued to the
 * exchanging app, without an `act` claim, without refresh or ID token.
 */
export async function grantTokenExchange(context: ServerContext, ctx: ExchangeContext): Promise<void> {
  const { params, provider, client } = ctx.oidc;
  for (const name of ['actor_token', 'actor_token_type'] as const) {
    if (params[name] !== undefined) throw new Refusal('parameter_unsupported', `${name} was sent`, { name });
  }
  if (params.requested_token_type !== undefined && params.requested_token_type !== accessTokenType) {
    throw new Refusal('parameter_unsupported', 'only access tokens are issued', { name: 'requested_token_type' });
  }
  if (params.subject_token_type !== accessTokenType) {
    throw new Refusal('subject_token_type_invalid', `expected ${accessTokenType}`);
  }
  const subject = await verifySubjectToken(context, params.subject_token ?? '');
  if (params.audience !== context.server.audience) {
    throw new Refusal('audience_invalid', `expected ${context.server.audience}`);
  }
  const scopes = parseScopes(context, params.scope ?? '');
  if (scopes.some((scope) => oidcScopes.has(scope))) {
    throw new Refusal('scope_not_exchangeable', `asked for ${scopes.join(' ')}`);
  }
  ctx.oidc.entity('SubjectToken', subject.claims);
  const token = new provider.AccessToken({
    client,
    accountId: subject.uid,
    // There is no consent behind an exchange that could be taken back.
    grantId: '',
    gty: tokenExchangeGrant,
    scope: scopes.join(' '),
  });
  await issueAccessToken(ctx, token, accessTokenType);
}

/** The subject token's claims, and whose it is.
 * @throws Refusal `subject_token_invalid` or `subject_token_expired`
 */
async function verifySubjectToken(context: ServerContext, token: string) {
  const source = findIssuer(context, token);
  const verdict: Verdict = await verifyAccessToken(token, source.issuer, source.keys());
  if (verdict.state === 'expired')
    throw new Refusal('subject_token_expired', `a token of ${source.issuer} that expired`);
  if (verdict.state !== 'valid') {
    throw new Refusal('subject_token_invalid', `not an access token that ${source.issuer} signed`);
  }
  const { claims, handle } = verdict;
  if (source.org.store.isRevoked(source.server.id, handle)) {
    throw new Refusal('subject_token_invalid', `a token of ${source.issuer} that was revoked`);
  }
  const { uid } = claims;
  if (typeof uid !== 'string' || context.org.directory.findUser(uid) === undefined) {
    throw new Refusal('subject_token_invalid', 'a token that stands for no user');
  }
  return { claims, uid };
}

/** Whose token it says it is; only this server and those it trusts count. */
function findIssuer(context: ServerContext, token: string): ServerContext {
  let issuer: string | undefined;
  try {
    issuer = decodeJwt(token).iss;
  } catch {
    throw new Refusal('subject_token_invalid', 'not a JWT');
  }
  if (issuer === context.issuer) return context;
  for (const id of context.server.trusts) {
    const trusted = context.org.findServer(id);
    if (trusted !== undefined && trusted.issuer === issuer) return trusted;
  }
  throw new Refusal(
    'subject_token_invalid',
    `server ${context.server.id} does not trust the issuer ${String(issuer).slice(0, 200)}`,
  );
}
