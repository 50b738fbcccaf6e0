import type { TokenEndpointGrantContext } from 'oidc-provider';
import { parseScopes } from './decide.ts';
import { issueAccessToken } from './issue-access-token.ts';
import { oidcScopes } from './oidc-scopes.ts';
import type { ServerContext } from './org.ts';
import { Refusal } from './refusals.ts';

/** RFC 6749 §4.4 as Okta does it: scopes are all or nothing, and those about a user are unknown here. */
export async function grantClientCredentials(context: ServerContext, ctx: TokenEndpointGrantContext): Promise<void> {
  const scopes = parseScopes(context, ctx.oidc.params.scope ?? '');
  if (scopes.some((scope) => oidcScopes.has(scope))) {
    throw new Refusal('scope_unknown', 'client credentials have no user, so no OpenID Connect scopes');
  }
  const { provider, client } = ctx.oidc;
  await issueAccessToken(ctx, new provider.ClientCredentials({ client, scope: scopes.join(' ') }));
}
