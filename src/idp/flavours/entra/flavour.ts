import { randomUUID } from 'node:crypto';
import { oidcScopes } from '../../oidc-scopes.ts';
import type { SeedApp } from '../../seed/seed-schema.ts';
import type { Flavour, Granted, Layout, Tenant } from '../flavour.ts';
import { metadataOf } from '../metadata.ts';
import { TokenRefusal } from '../token-refusal.ts';
import { defaultSeed } from './default-seed.ts';
import { device } from './device.ts';
import { exchange } from './exchange.ts';
import { domainOf, objectIdOf, pairwiseIdOf, tenantIdOf } from './ids.ts';
import { isNamed, readScopes } from './read-scopes.ts';
import { refusals } from './refusals.ts';
import { signOut } from './sign-out.ts';
import { jwtBearerGrant } from '../../../model/urns.ts';

/** One tenant of Microsoft Entra ID: its seed's servers are app registrations that expose an API. Source, unless another is
 * named: learn.microsoft.com/entra/identity-platform/access-token-claims-reference and …/v2-protocols-oidc.
 */
export const entra: Flavour = {
  name: 'entra',
  title: 'Microsoft Entra ID',
  defaultSeed,
  layout(seed) {
    const tenant = `/${tenantIdOf(seed)}`;
    return {
      issuer: `${tenant}/v2.0`,
      authorize: `${tenant}/oauth2/v2.0/authorize`,
      token: `${tenant}/oauth2/v2.0/token`,
      keys: `${tenant}/discovery/v2.0/keys`,
      // Nothing of RFC 8414: OpenID's form, appended.
      metadata: [`${tenant}/v2.0/.well-known/openid-configuration`],
    };
  },
  metadata: ({ origin, layout }) => ({
    end_session_endpoint: origin + signOutPath(layout),
    scopes_supported: [...oidcScopes],
    subject_types_supported: ['pairwise'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    // S256 is taken, and not said (github.com/modelcontextprotocol/typescript-sdk/issues/832).
    code_challenge_methods_supported: undefined,
    grant_types_supported: undefined,
    authorization_response_iss_parameter_supported: undefined,
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'preferred_username', 'name', 'tid'],
  }),
  readAuthorization(tenant, app, parameters) {
    const asked = readScopes(tenant, app, parameters['scope'] ?? '', 'authorization_code');
    const { resource } = parameters;
    // MCP clients send the server's address (RFC 8707): it has to be one of the API's Application ID URIs.
    if (resource !== undefined && !asked.apis.some((api) => isNamed(api, resource)))
      throw new TokenRefusal(refusals.resourceMismatch, `${resource} is no identifier of what the scopes name`);
    return asked;
  },
  device,
  exchangeGrant: jwtBearerGrant,
  exchange,
  accessToken(tenant, granted) {
    const isFirst = granted.apis[0]?.audience.startsWith('api://') ?? false;
    const { kid } = tenant.keys().current;
    return isFirst
      ? { header: { typ: 'JWT', x5t: kid }, claims: versionOneClaims(tenant, granted) }
      : { header: { typ: 'JWT' }, claims: versionTwoClaims(tenant, granted) };
  },
  describeUser: (tenant, user, app) => ({
    sub: pairwiseIdOf(user, app.clientId),
    name: user.name,
    preferred_username: user.login,
    oid: objectIdOf(user),
    tid: tenantIdOf(tenant.seed),
    ver: '2.0',
    ...(user.email === undefined ? {} : { email: user.email }),
  }),
  answer: (_, { apis, scopes, lifetimeSeconds }) => ({
    // In full, as they were asked for; the token has their names only.
    scope: scopes.map((scope) => (oidcScopes.has(scope) ? scope : `${apis[0]?.audience ?? ''}/${scope}`)).join(' '),
    ext_expires_in: lifetimeSeconds,
  }),
  refusals,
  endpoints: (layout) => ({ [signOutPath(layout)]: signOut }),
  refusalBody(tenant, { row, description }) {
    const [timestamp, traceId, correlationId] = [isoSecond(tenant.now()), randomUUID(), randomUUID()];
    const [code] = /\d+/.exec(description) ?? [];
    return {
      error: row.error,
      error_description: `${description} Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`,
      timestamp,
      trace_id: traceId,
      correlation_id: correlationId,
      error_uri: `https://login.microsoftonline.com/error?code=${code ?? ''}`,
      ...row.more,
    };
  },
  // By a domain of its own as by its id.
  pathOf: ({ seed }, path) => path.replace(`/${domainOf(seed)}/`, `/${tenantIdOf(seed)}/`),
  metadataElsewhere,
  findElsewhere,
};

const signOutPath = ({ token }: Layout) => token.replace(/token$/, 'logout');

/** Metadata with another issuer: those of version 1.0 of this tenant, and those of no tenant, whose issuer is a pattern
 * (learn.microsoft.com/entra/identity-platform/access-tokens#validate-the-issuer).
 */
function metadataElsewhere(tenant: Tenant, path: string): Readonly<Record<string, unknown>> | undefined {
  const found = /^\/([^/]+)(\/v2\.0)?\/\.well-known\/openid-configuration$/.exec(path);
  if (found?.[1] === tenantIdOf(tenant.seed)) return { ...metadataOf(tenant), issuer: versionOneIssuer(tenant) };
  if (found?.[1] !== 'common' && found?.[1] !== 'organizations') return undefined;
  return { ...metadataOf(tenant), issuer: `${tenant.origin}/{tenantid}${found[2] ?? ''}` };
}

const versionOneIssuer = ({ origin, seed }: Tenant) => `${origin}/${tenantIdOf(seed)}/`;

/** Other tenants, and what is shared by all of them. */
async function findElsewhere(
  { seed, issuer }: Tenant,
  path: string,
  readApp: () => Promise<SeedApp>,
): Promise<TokenRefusal | undefined> {
  const tenant = /^\/([^/]+)\/oauth2\/v2\.0\/token$/.exec(path)?.[1];
  if (tenant === undefined) return undefined;
  if (['common', 'organizations', 'consumers'].includes(tenant))
    return new TokenRefusal(refusals.tenantNotNamed, 'not this tenant', { tenant });
  if (seed.otherTenants?.includes(tenant) !== true)
    return new TokenRefusal(refusals.tenantUnknown, 'not this tenant', { tenant });
  const { clientId, label, multitenant } = await readApp();
  const details = { clientId, label, tenant, org: tenant, idp: issuer };
  return multitenant === true
    ? new TokenRefusal(refusals.userOfAnotherTenant, 'nobody is in otherTenants', details)
    : new TokenRefusal(refusals.clientUnknown, 'the app is not multitenant', details);
}

const isoSecond = (ms: number) => new Date(ms).toISOString().replace('T', ' ').replace(/\.\d+/, '');

function commonClaims(tenant: Tenant, { apis, scopes, user, lifetimeSeconds, isStrong }: Granted) {
  const now = Math.floor(tenant.now() / 1000);
  const audience = apis[0]?.audience ?? '';
  return {
    aud: audience,
    iat: now,
    nbf: now,
    exp: now + lifetimeSeconds,
    ...(isStrong ? { acrs: ['p1'] } : {}),
    name: user.name,
    oid: objectIdOf(user),
    scp: scopes.filter((scope) => !oidcScopes.has(scope)).join(' '),
    sub: pairwiseIdOf(user, audience),
    tid: tenantIdOf(tenant.seed),
    uti: randomUUID(),
  };
}

/** How the client proved who it is: 0 not at all, 1 by a secret. */
const authenticationOf = ({ app }: Granted) => (app.clientSecret === undefined ? '0' : '1');

function versionTwoClaims(tenant: Tenant, granted: Granted) {
  return {
    ...commonClaims(tenant, granted),
    iss: tenant.issuer,
    azp: granted.app.clientId,
    azpacr: authenticationOf(granted),
    preferred_username: granted.user.login,
    ver: '2.0',
  };
}

/** Of an API whose manifest leaves requestedAccessTokenVersion out: another issuer, and other names for the same. */
function versionOneClaims(tenant: Tenant, granted: Granted) {
  return {
    ...commonClaims(tenant, granted),
    iss: versionOneIssuer(tenant),
    appid: granted.app.clientId,
    appidacr: authenticationOf(granted),
    amr: ['pwd'],
    acr: '1',
    upn: granted.user.login,
    unique_name: granted.user.login,
    ver: '1.0',
  };
}
