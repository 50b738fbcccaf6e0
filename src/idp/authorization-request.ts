import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { decide, parseScopes } from './decide.ts';
import { deviceCodeGrant } from '../model/urns.ts';
import type { ServerContext } from './org.ts';
import { Refusal } from './refusals.ts';

/** Sign-in, then the policy, then consent. */
export function buildPrompts(context: ServerContext): interactionPolicy.DefaultPolicy {
  const prompts = interactionPolicy.base();
  // Okta asks native apps' users no more than others.
  const consent = prompts.get('consent');
  const native = consent?.checks.findIndex((check) => check.reason === 'native_client_prompt') ?? -1;
  if (native >= 0) consent?.checks.splice(native, 1);
  const check = new interactionPolicy.Check('policy', 'policy evaluation', (ctx) => {
    const user = context.org.directory.findUser(ctx.oidc.session?.accountId ?? '');
    decide(context, {
      clientId: ctx.oidc.client?.clientId ?? '',
      grantType: isDeviceFlow(ctx) ? deviceCodeGrant : 'authorization_code',
      user,
      scopes: [...ctx.oidc.requestParamScopes],
    });
    return interactionPolicy.Check.NO_NEED_TO_PROMPT;
  });
  prompts.add(new interactionPolicy.Prompt({ name: 'policy' }, check), 1);
  return prompts;
}

const deviceRoutes: ReadonlySet<string> = new Set(['device_authorization', 'code_verification', 'device_resume']);

/** Does an app on another device ask (RFC 8628)? */
function isDeviceFlow(ctx: KoaContextWithOIDC): boolean {
  return deviceRoutes.has(ctx.oidc.route);
}

/** Okta's own demands on an authorization request. By now oidc-provider has read over scopes it does not know and
 * `offline_access` without `prompt=consent`; Okta refuses the first and grants the second.
 * @throws Refusal `state_missing`, `scope_unknown` or `scope_missing`
 */
export function checkAuthorizationRequest(context: ServerContext, ctx: KoaContextWithOIDC): void {
  const { params, client } = ctx.oidc;
  if (params === undefined) return;
  if (context.server.requireState && !isDeviceFlow(ctx) && (typeof params.state !== 'string' || params.state === '')) {
    throw new Refusal('state_missing', 'the authorization request has no state');
  }
  const sent = ctx.method === 'POST' ? ctx.oidc.body?.scope : ctx.query.scope;
  const scopes = parseScopes(context, typeof sent === 'string' ? sent : '');
  const mayRefresh = client?.grantTypeAllowed('refresh_token') === true;
  params.scope = scopes.filter((scope) => scope !== 'offline_access' || mayRefresh).join(' ');
}

/** What the user has agreed to: at the consent page, or by using an app that needs none. */
export async function loadGrant({ org }: ServerContext, ctx: KoaContextWithOIDC) {
  const { client, session, provider, result } = ctx.oidc;
  if (client === undefined || session?.accountId === undefined) return undefined;
  const grantId = result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  const known = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  if (known !== undefined && result?.consent?.grantId !== undefined) return known;
  if (org.directory.findApp(client.clientId)?.consent !== 'implicit') {
    // Another user's, after somebody else signed in, would be an error further on.
    return known?.accountId === session.accountId ? known : undefined;
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
  grant.addOIDCScope([...ctx.oidc.requestParamScopes].join(' '));
  await grant.save();
  return grant;
}
