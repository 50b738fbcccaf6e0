import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isSame } from '../directory.ts';
import type { SeedApp } from '../seed/seed-schema.ts';
import { findApp } from './directory.ts';
import type { Granted, Parameters, Tenant } from './flavour.ts';
import type { Grants } from './grants.ts';
import { issue } from './issue.ts';
import { readParameters } from './read-parameters.ts';
import { TokenRefusal } from './token-refusal.ts';

/** Answers the token endpoint: who asks, by which grant, for what. */
export async function answerTokenRequest(
  tenant: Tenant,
  grants: Grants,
  request: IncomingMessage,
): Promise<Readonly<Record<string, unknown>>> {
  const { refusals } = tenant.flavour;
  const parameters = await readParameters(request);
  if (parameters === undefined)
    throw new TokenRefusal(refusals.parameterMissing, 'no form, or a parameter twice', { name: 'grant_type' });
  const grantType = parameters['grant_type'] ?? '';
  const app = authenticate(tenant, request, parameters);
  tenant.log('token requested', { grant: grantType, client: app.clientId, scopes: parameters['scope'] });
  switch (grantType) {
    case 'authorization_code':
      return await redeemCode(tenant, grants, app, parameters);
    case 'refresh_token':
      return await refresh(tenant, grants, app, parameters);
    case tenant.flavour.exchangeGrant:
      if (app.requireDpop)
        throw new TokenRefusal(refusals.dpopMissing, 'the app has requireDpop, for which this flavour has no proofs');
      return await issue(tenant, await tenant.flavour.exchange(tenant, app, parameters), { isExchange: true });
    default:
      throw new TokenRefusal(refusals.grantUnsupported, 'no grant of this provider', { grant: grantType });
  }
}

/** RFC 6749 §2.3.1: Basic, or id and secret in the form. */
function authenticate(tenant: Tenant, request: IncomingMessage, parameters: Parameters): SeedApp {
  const { refusals } = tenant.flavour;
  const basic = parseBasic(request.headers.authorization);
  const clientId = basic?.clientId ?? parameters['client_id'] ?? '';
  const secret = basic?.secret ?? parameters['client_secret'];
  const app = findApp(tenant.seed, clientId);
  const details = { clientId, org: tenant.seed.org };
  if (app === undefined) throw new TokenRefusal(refusals.clientUnknown, 'the seed has no such app', details);
  if (app.clientSecret === undefined) return app;
  if (secret === undefined) throw new TokenRefusal(refusals.secretMissing, 'the app has a secret, none came', details);
  if (!isSame(secret, app.clientSecret))
    throw new TokenRefusal(refusals.secretInvalid, 'another secret than the seed has', details);
  return app;
}

function parseBasic(header: string | undefined): { readonly clientId: string; readonly secret: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [clientId = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  // RFC 6749 §2.3.1: both halves are form-encoded.
  const decode = (text: string) => new URLSearchParams(`x=${text}`).get('x') ?? '';
  return { clientId: decode(clientId), secret: decode(rest.join(':')) };
}

async function redeemCode(tenant: Tenant, grants: Grants, app: SeedApp, parameters: Parameters) {
  const { refusals } = tenant.flavour;
  const refuse = (reason: string) => new TokenRefusal(refusals.codeInvalid, reason);
  const grant = grants.takeCode(parameters['code'] ?? '', app);
  if (grant === undefined) throw refuse('no such code of this app');
  if (parameters['redirect_uri'] !== grant.redirectUri) throw refuse('another redirect_uri than the request had');
  const verifier = parameters['code_verifier'];
  const challenge = verifier === undefined ? undefined : createHash('sha256').update(verifier).digest('base64url');
  if (challenge !== grant.codeChallenge) throw refuse('the code_verifier does not match');
  return await issue(tenant, grant, { ...refreshTokenFor(grants, grant), nonce: grant.nonce });
}

async function refresh(tenant: Tenant, grants: Grants, app: SeedApp, parameters: Parameters) {
  const token = parameters['refresh_token'] ?? '';
  const grant = grants.findRefreshToken(token, app);
  if (grant === undefined)
    throw new TokenRefusal(tenant.flavour.refusals.refreshTokenInvalid, 'no such refresh token of this app');
  return await issue(tenant, grant, { refreshToken: token });
}

function refreshTokenFor(grants: Grants, grant: Granted) {
  const may = grant.app.grantTypes.includes('refresh_token') && grant.scopes.includes('offline_access');
  return may ? { refreshToken: grants.addRefreshToken(grant) } : {};
}
