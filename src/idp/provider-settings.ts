import { errors, type Account, type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import { verifyAccessToken } from './access-token.ts';
import { buildPrompts, checkAuthorizationRequest, loadGrant } from './authorization-request.ts';
import { activatePath, buildDeviceFlow } from './device-flow.ts';
import { guardedFetch } from './guarded-fetch.ts';
import { buildLifetimes } from './lifetimes.ts';
import { oidcScopes } from './oidc-scopes.ts';
import { findPlainHttpRedirect, wantedRedirect } from './plain-http-redirect.ts';
import type { Org, ServerContext } from './org.ts';
import { answerErrorPage, answerPage } from './pages.ts';
import { makeClientId } from './readmit-client.ts';
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
  return {
    adapter: org.store.adapterFor(server.id, async (token) => {
      const verdict = await verifyAccessToken(token, context.issuer, context.keys());
      return verdict.state === 'valid' ? verdict.handle : undefined;
    }),
    clients: org.directory.apps.map(clientMetadata),
    // Not one of ours: the hook by which clients that register themselves, or publish metadata, are looked at.
    extraClientMetadata: {
      properties: ['redirect_uris', 'scope'],
      validator(_, name, value, client) {
        if (name === 'redirect_uris') checkRedirectUris(value);
        // What a client may ask for is up to the policies, as at Okta; what it named when it registered would keep it from
        // stepping up later.
        else delete client.scope;
      },
    },
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
      device_authorization: '/v1/device/authorize',
      code_verification: activatePath,
    },
    enabledJWA: {
      dPoPSigningAlgValues: ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'Ed25519', 'EdDSA'],
    },
    features: buildFeatures(context),
    fetch: guardedFetch,
    interactions: {
      url: (_, interaction) => `${new URL(context.issuer).pathname}/signin/${interaction.uid}`,
      policy: buildPrompts(context),
    },
    // A name of Okta's own; what matters is the hook, which sees every authorization request before anything is shown.
    extraParams: { sessionToken: (ctx) => checkAuthorizationRequest(context, ctx) },
    findAccount: (_, uid) => findAccount(org, uid),
    loadExistingGrant: (ctx) => loadGrant(context, ctx),
    extraTokenClaims: (ctx) => findAuthTime(ctx),
    expiresWithSession: () => false,
    issueRefreshToken: (_, client, code) =>
      client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    // Okta's default: a confidential client keeps its refresh token, a public one gets a new one each time (RFC 9700 §4.14.2).
    rotateRefreshToken: (ctx) => ctx.oidc.client?.clientAuthMethod === 'none',
    clientBasedCORS: (_, origin, client) =>
      origin !== 'null' && (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin),
    renderError: (ctx, out, error) => answerErrorPage(org, ctx, out, error),
    ttl: buildLifetimes(context),
  };
}

function buildFeatures(context: ServerContext): Configuration['features'] {
  const { org, server, issuer } = context;
  return {
    devInteractions: { enabled: false },
    // Ours is registered as a custom grant: see authorization-server.ts.
    clientCredentials: { enabled: false },
    resourceIndicators: { enabled: false },
    deviceFlow: buildDeviceFlow(context),
    pushedAuthorizationRequests: { enabled: false },
    dPoP: { enabled: true, nonceSecret: org.dpopNonceSecret, requireNonce: (ctx) => ctx.oidc.route === 'token' },
    introspection: { enabled: true, allowedPolicy: (_, client, token) => isAllowed(client, token) },
    revocation: { enabled: true, allowedPolicy: (_, client, token) => client.clientId === token.clientId },
    registration: { enabled: server.registration, idFactory: makeClientId },
    clientIdMetadataDocument: server.clientIdMetadataDocuments
      ? { enabled: true, ack: 'draft-02' }
      : { enabled: false },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => {
        const target = ctx.oidc.params?.post_logout_redirect_uri;
        const xsrf = / name="xsrf" value="([0-9a-f]+)"/.exec(form)?.[1] ?? '';
        const page = signOutPage({ org: org.seed.org, action: ctx.oidc.urlFor('end_session_confirm'), xsrf });
        answerPage(ctx, page, typeof target === 'string' ? target : issuer);
      },
      postLogoutSuccessSource: (ctx) => answerPage(ctx, signedOutPage({ org: org.seed.org })),
    },
  };
}

/** RFC 7591 §3.2.2. Lists that are none are refused by oidc-provider itself. */
function checkRedirectUris(uris: unknown): void {
  if (!Array.isArray(uris)) return;
  const plain = findPlainHttpRedirect(uris.filter((uri) => typeof uri === 'string'));
  if (plain === undefined) return;
  throw new errors.CustomOIDCProviderError('invalid_redirect_uri', `redirect_uris has "${plain}", ${wantedRedirect}`);
}

/** The user behind a uid with what the ID token and userinfo may tell of them. */
function findAccount({ directory }: Org, uid: string): Account | undefined {
  const user = directory.findUser(uid);
  if (user === undefined) return undefined;
  const email = user.email === undefined ? {} : { email: user.email, email_verified: true };
  const claims = { sub: uid, name: user.name, preferred_username: user.login, groups: user.groups, ...email };
  return { accountId: uid, claims: () => claims };
}

/** When the user signed in, carried from the sign-in through code, refresh and exchange. */
function findAuthTime(ctx: KoaContextWithOIDC): { auth_time: number } | undefined {
  const { AuthorizationCode: code, RefreshToken: refreshToken, SubjectToken: subject } = ctx.oidc.entities;
  const fromSubject =
    typeof subject === 'object' && subject !== null && 'auth_time' in subject ? subject.auth_time : undefined;
  const authTime = code?.authTime ?? refreshToken?.authTime ?? fromSubject;
  return typeof authTime === 'number' ? { auth_time: authTime } : undefined;
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
