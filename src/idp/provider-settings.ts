import { interactionPolicy, type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import { verifyAccessToken } from './access-token.ts';
import { decide, parseScopes, tokenExchange } from './decide.ts';
import { oidcScopes } from './oidc-scopes.ts';
import type { ServerContext } from './org.ts';
import { answerErrorPage, answerPage } from './pages.ts';
import type { PolicyQuestion } from './policy.ts';
import { Refusal } from './refusals.ts';
import type { SeedApp } from './seed/seed-schema.ts';
import { allKeys } from './signing-keys.ts';
import { signedOutPage } from './views/signed-out-page.ts';
import { signOutPage } from './sign-out-page.ts';

/** What oidc-provider is told about one of our servers. Two things carry Okta's behaviour: every access token gets its
 * lifetime from the policy rule that grants it, so none is issued without a rule; and resource indicators are off, so
 * that `resource` parameters are read over and scopes of the API are scopes like any other.
 */
export function buildProviderSettings(context: ServerContext): Configuration {
  const { org, server } = context;
  const { directory } = org;
  const minutes = (count: number) => count * 60;
  return {
    adapter: org.store.adapterFor(server.id, async (token) => {
      const verdict = await verifyAccessToken(token, context.issuer, context.keys());
      return verdict.state === 'valid' ? verdict.handle : undefined;
    }),
    clients: directory.apps.map(clientMetadata),
    jwks: { keys: [...allKeys(context.keys())] },
    scopes: [...oidcScopes, ...server.scopes.map((scope) => scope.name)],
    responseTypes: ['code'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    claims: {
      openid: ['sub', 'auth_time', 'amr'],
      profile: ['name', 'preferred_username', 'given_name', 'family_name', 'groups'],
      email: ['email', 'email_verified'],
    },
    conformIdTokenClaims: false,
    cookies: {
      keys: [org.cookieSecret],
      names: { session: 'usher_idp_session', interaction: 'usher_idp_interaction', resume: 'usher_idp_resume' },
      // Not Secure: the session is shared by the http and the https servers of this machine's loopback names.
      long: { httpOnly: true, sameSite: 'lax', secure: false, signed: true, path: '/' },
      short: { httpOnly: true, sameSite: 'lax', secure: false, signed: true },
    },
    routes: {
      authorization: '/v1/authorize',
      token: '/v1/token',
      jwks: '/v1/keys',
      introspection: '/v1/introspect',
      revocation: '/v1/revoke',
      userinfo: '/v1/userinfo',
      end_session: '/v1/logout',
      registration: '/v1/clients',
    },
    enabledJWA: {
      dPoPSigningAlgValues: ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'Ed25519', 'EdDSA'],
    },
    features: {
      devInteractions: { enabled: false },
      // Ours are registered as custom grants: see authorization-server.ts.
      clientCredentials: { enabled: false },
      resourceIndicators: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      dPoP: { enabled: true, nonceSecret: org.dpopNonceSecret, requireNonce: (ctx) => ctx.oidc.route === 'token' },
      introspection: { enabled: true, allowedPolicy: (_, client, token) => isAllowed(client, token) },
      revocation: { enabled: true, allowedPolicy: (_, client, token) => client.clientId === token.clientId },
      registration: { enabled: server.registration, idFactory: () => `0oa${crypto.randomUUID().replaceAll('-', '')}` },
      clientIdMetadataDocument: server.clientIdMetadataDocuments
        ? { enabled: true, ack: 'draft-02' }
        : { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => {
          const target = ctx.oidc.params?.post_logout_redirect_uri;
          const xsrf = / name="xsrf" value="([0-9a-f]+)"/.exec(form)?.[1] ?? '';
          const action = ctx.oidc.urlFor('end_session_confirm');
          const page = signOutPage({ org: org.seed.org, action, xsrf });
          answerPage(ctx, page, typeof target === 'string' ? target : context.issuer);
        },
        postLogoutSuccessSource: (ctx) => answerPage(ctx, signedOutPage({ org: org.seed.org })),
      },
    },
    interactions: {
      url: (_, interaction) => `${new URL(context.issuer).pathname}/signin/${interaction.uid}`,
      policy: interactionPrompts(context),
    },
    // A name of Okta's own; what matters is the hook, which sees every authorization request before anything is shown.
    extraParams: { sessionToken: (ctx) => checkAuthorizationRequest(context, ctx) },
    findAccount: (_, uid) => {
      const user = directory.findUser(uid);
      if (user === undefined) return undefined;
      const email = user.email === undefined ? {} : { email: user.email, email_verified: true };
      const claims = { sub: uid, name: user.name, preferred_username: user.login, groups: user.groups, ...email };
      return { accountId: uid, claims: () => claims };
    },
    loadExistingGrant: (ctx) => loadGrant(context, ctx),
    extraTokenClaims: (ctx) => {
      const { AuthorizationCode: code, RefreshToken: refreshToken, SubjectToken: subject } = ctx.oidc.entities;
      const fromSubject =
        typeof subject === 'object' && subject !== null && 'auth_time' in subject ? subject.auth_time : undefined;
      const authTime = code?.authTime ?? refreshToken?.authTime ?? fromSubject;
      return typeof authTime === 'number' ? { auth_time: authTime } : undefined;
    },
    expiresWithSession: () => false,
    issueRefreshToken: (_, client, code) =>
      client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    // Okta's default: a confidential client keeps its refresh token, a public one gets a new one each time (RFC 9700 §4.14.2).
    rotateRefreshToken: (ctx) => ctx.oidc.client?.clientAuthMethod === 'none',
    clientBasedCORS: (_, origin, client) =>
      origin !== 'null' && (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin),
    renderError: (ctx, out, error) => answerErrorPage(org, ctx, out, error),
    ttl: {
      AccessToken: (_, token) => minutes(decide(context, questionOf(context, token)).accessTokenLifetimeMinutes),
      ClientCredentials: (_, token) =>
        minutes(
          decide(context, {
            clientId: token.clientId ?? '',
            grantType: 'client_credentials',
            user: undefined,
            scopes: [...token.scopes],
          }).accessTokenLifetimeMinutes,
        ),
      RefreshToken: (_, token) => {
        const rule = decide(context, questionOf(context, token));
        const window = minutes(rule.refreshTokenWindowMinutes);
        if (rule.refreshTokenLifetimeMinutes === 0) return window;
        const startedAt = token.iiat ?? Math.floor(org.now() / 1000);
        const left = startedAt + minutes(rule.refreshTokenLifetimeMinutes) - Math.floor(org.now() / 1000);
        return Math.max(1, Math.min(window, left));
      },
      AuthorizationCode: org.seed.lifetimes.authorizationCodeSeconds,
      IdToken: minutes(org.seed.lifetimes.idTokenMinutes),
      Session: minutes(org.seed.lifetimes.sessionMinutes),
      Interaction: minutes(60),
      Grant: minutes(2_628_000),
    },
  };
}

function clientMetadata(app: SeedApp) {
  const signsIn = app.grantTypes.includes('authorization_code');
  return {
    client_id: app.clientId,
    ...(app.clientSecret === undefined ? {} : { client_secret: app.clientSecret }),
    client_name: app.label,
    application_type: app.type === 'native' ? ('native' as const) : ('web' as const),
    grant_types: [...app.grantTypes],
    response_types: signsIn ? ['code' as const] : [],
    redirect_uris: [...app.redirectUris],
    post_logout_redirect_uris: [...app.postLogoutRedirectUris],
    token_endpoint_auth_method: app.clientSecret === undefined ? ('none' as const) : ('client_secret_basic' as const),
    dpop_bound_access_tokens: app.requireDpop,
  };
}

/** A client with a secret may look at any token (RFC 7662 §2.1), one without at its own only. */
function isAllowed(
  client: { clientId: string; clientAuthMethod?: string | undefined },
  token: { clientId?: string | undefined },
) {
  return client.clientAuthMethod !== 'none' || client.clientId === token.clientId;
}

interface UserToken {
  readonly accountId: string;
  readonly clientId?: string | undefined;
  readonly gty?: string | undefined;
  readonly scopes: Set<string>;
}

/** A refreshed token has the grant "authorization_code refresh_token"; the policy goes by how it began. */
function questionOf({ org }: ServerContext, token: UserToken): PolicyQuestion {
  const user = org.directory.findUser(token.accountId);
  if (user === undefined) throw new Error('a token for a user the seed does not have');
  const grantType = token.gty?.split(' ')[0] === tokenExchange ? tokenExchange : 'authorization_code';
  return { clientId: token.clientId ?? '', grantType, user, scopes: [...token.scopes] };
}

/** Sign-in, then the policy, then consent. */
function interactionPrompts(context: ServerContext): interactionPolicy.DefaultPolicy {
  const prompts = interactionPolicy.base();
  // Okta asks native apps' users no more than others.
  const consent = prompts.get('consent');
  const native = consent?.checks.findIndex((check) => check.reason === 'native_client_prompt') ?? -1;
  if (native >= 0) consent?.checks.splice(native, 1);
  const check = new interactionPolicy.Check('policy', 'policy evaluation', (ctx) => {
    const user = context.org.directory.findUser(ctx.oidc.session?.accountId ?? '');
    decide(context, {
      clientId: ctx.oidc.client?.clientId ?? '',
      grantType: 'authorization_code',
      user,
      scopes: [...ctx.oidc.requestParamScopes],
    });
    return interactionPolicy.Check.NO_NEED_TO_PROMPT;
  });
  prompts.add(new interactionPolicy.Prompt({ name: 'policy' }, check), 1);
  return prompts;
}

/** Okta's own demands on an authorization request. By now oidc-provider has read over scopes it does not know and
 * `offline_access` without `prompt=consent`; Okta refuses the first and grants the second.
 */
function checkAuthorizationRequest(context: ServerContext, ctx: KoaContextWithOIDC): void {
  const { params, client } = ctx.oidc;
  if (params === undefined) return;
  if (context.server.requireState && (typeof params.state !== 'string' || params.state === '')) {
    throw new Refusal('state_missing', 'the authorization request has no state');
  }
  const sent = ctx.method === 'POST' ? ctx.oidc.body?.scope : ctx.query.scope;
  const scopes = parseScopes(context, typeof sent === 'string' ? sent : '');
  const mayRefresh = client?.grantTypeAllowed('refresh_token') === true;
  params.scope = scopes.filter((scope) => scope !== 'offline_access' || mayRefresh).join(' ');
}

/** What the user has agreed to: at the consent page, or by using an app that needs none. */
async function loadGrant({ org }: ServerContext, ctx: KoaContextWithOIDC) {
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
