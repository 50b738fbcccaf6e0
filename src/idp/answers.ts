import { decodeJwt } from 'jose';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { createHash } from 'node:crypto';
import { accessTokenClaims, atHash, signToken, verifyAccessToken } from './access-token.ts';
import { customClaims } from './custom-claims.ts';
import { oidcScopes } from './oidc-scopes.ts';
import { deviceCodeGrant } from '../model/urns.ts';
import type { ServerContext } from './org.ts';
import type { LiveUser } from './state/state-schema.ts';
import { unmaskToken } from './store.ts';

type Body = Record<string, unknown>;

/** Gives oidc-provider's answers Okta's form, after it has decided and stored everything. */
export async function shapeAnswer(context: ServerContext, ctx: KoaContextWithOIDC): Promise<void> {
  const { body } = ctx;
  if (ctx.status !== 200 || !isBody(body)) return;
  if (ctx.oidc.route === 'token') ctx.body = await shapeTokens(context, ctx, body);
  if (ctx.oidc.route === 'discovery') ctx.body = shapeMetadata(context, body);
  if (ctx.oidc.route === 'device_authorization')
    ctx.body = { ...body, interval: context.org.seed.lifetimes.devicePollSeconds };
  if (ctx.oidc.route === 'introspection') ctx.body = await shapeIntrospection(context, ctx, body);
  if (ctx.oidc.route === 'jwks') {
    // A rotation publishes the new key long before it signs, so an hour is safe.
    ctx.set('Cache-Control', 'max-age=3600, must-revalidate');
    ctx.type = 'application/json';
  }
}

/** Puts signed tokens in the place of the handles that oidc-provider gave out (standards: Okta's form, RFC 7519). */
async function shapeTokens(context: ServerContext, ctx: KoaContextWithOIDC, body: Body): Promise<Body> {
  const { org, server, issuer } = context;
  const handle = String(body.access_token);
  const stored = org.store.findToken(server.id, handle);
  if (stored?.iat === undefined || stored.exp === undefined || stored.clientId === undefined) {
    throw new Error('the token that was just issued is not in the store');
  }
  const user = org.directory.findUser(stored.accountId ?? '');
  const scopes = (stored.scope ?? '').split(' ').filter((scope) => scope !== '');
  const authTime = stored.extra?.auth_time;
  const claims = {
    ...(user === undefined ? {} : customClaims(server.claims, { kind: 'RESOURCE', user, scopes })),
    ...accessTokenClaims({
      handle,
      issuer,
      audience: server.audience,
      issuedAt: stored.iat,
      expiresAt: stored.exp,
      clientId: stored.clientId,
      user: user === undefined ? undefined : { uid: stored.accountId ?? '', login: user.login },
      scopes,
      authTime: typeof authTime === 'number' ? authTime : undefined,
      jkt: stored.jkt,
    }),
  };
  const accessToken = await signToken(claims, context.keys());
  org.log('token issued', {
    server: server.id,
    grant: ctx.oidc.params?.grant_type,
    client: stored.clientId,
    user: user?.login,
    scopes: scopes.join(' '),
    jti: claims.jti,
  });
  const idToken =
    typeof body.id_token === 'string'
      ? { id_token: await shapeIdToken(context, body.id_token, { accessToken, user, scopes }) }
      : {};
  const { token_type, expires_in, scope, refresh_token, issued_token_type } = body;
  return withoutUndefined({
    token_type,
    expires_in,
    access_token: accessToken,
    scope,
    refresh_token,
    ...idToken,
    issued_token_type,
  });
}

async function shapeIdToken(
  context: ServerContext,
  idToken: string,
  { accessToken, user, scopes }: { accessToken: string; user: LiveUser | undefined; scopes: readonly string[] },
): Promise<string> {
  const { org, server } = context;
  const { sub, name, email, aud, iat, exp, nonce, auth_time, preferred_username } = decodeJwt(idToken);
  const claims = withoutUndefined({
    ...(user === undefined ? {} : customClaims(server.claims, { kind: 'IDENTITY', user, scopes })),
    sub,
    name,
    email,
    ver: 1,
    iss: context.issuer,
    aud,
    iat,
    exp,
    jti: `ID.${crypto.randomUUID()}`,
    amr: ['pwd'],
    idp: `00o${createHash('sha256').update(org.seed.org).digest('hex').slice(0, 17)}`,
    nonce,
    preferred_username,
    auth_time,
    at_hash: atHash(accessToken),
  });
  return await signToken(claims, context.keys());
}

function shapeMetadata({ server }: ServerContext, body: Body): Body {
  return {
    ...body,
    scopes_supported: [...oidcScopes, ...server.scopes.filter((scope) => scope.published).map((scope) => scope.name)],
    // Okta does not list token exchange.
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials', deviceCodeGrant],
    claims_supported: ['ver', 'jti', 'iss', 'aud', 'iat', 'exp', 'cid', 'uid', 'scp', 'sub'],
    request_parameter_supported: false,
  };
}

/** RFC 7662 §2.2 with what Okta adds. */
async function shapeIntrospection(context: ServerContext, ctx: KoaContextWithOIDC, body: Body): Promise<Body> {
  if (body.active !== true) return { active: false };
  const { org, server, issuer } = context;
  const user = typeof body.sub === 'string' ? org.directory.findUser(body.sub) : undefined;
  const token = String(ctx.oidc.params?.token);
  const verdict = await verifyAccessToken(unmaskToken(token), issuer, context.keys());
  const claims = verdict.state === 'valid' ? verdict.claims : undefined;
  return withoutUndefined({
    active: true,
    token_type: body.token_type,
    scope: body.scope,
    client_id: body.client_id,
    username: user?.login,
    exp: body.exp,
    iat: body.iat,
    sub: user?.login ?? body.client_id,
    aud: claims?.aud ?? server.audience,
    iss: issuer,
    jti: claims?.jti,
    uid: claims?.uid ?? body.sub,
    cnf: body.cnf,
  });
}

function withoutUndefined(body: Body): Body {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}

function isBody(body: unknown): body is Body {
  return typeof body === 'object' && body !== null && Object.getPrototypeOf(body) === Object.prototype;
}
