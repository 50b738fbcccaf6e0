import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { deviceCodeGrant } from '../../model/urns.ts';
import type { SeedApp } from '../seed/seed-schema.ts';
import { authenticateApp } from './authenticate-app.ts';
import type { DeviceCodes } from './device/device-codes.ts';
import { redeemDeviceCode } from './device/redeem-device-code.ts';
import { isPublic } from './directory.ts';
import type { Granted, Parameters, Tenant } from './flavour.ts';
import type { Grants } from './grants.ts';
import { issue } from './issue.ts';
import type { RequestLimit } from './request-limit.ts';
import { readParameters } from './read-parameters.ts';
import { TokenRefusal } from './token-refusal.ts';

/** Answers the token endpoint: who asks, by which grant, for what. */
export async function answerTokenRequest(
  tenant: Tenant,
  { grants, codes, limit }: { readonly grants: Grants; readonly codes: DeviceCodes; readonly limit: RequestLimit },
  request: IncomingMessage,
): Promise<Readonly<Record<string, unknown>>> {
  const { refusals } = tenant.flavour;
  if (refusals.tooManyRequests !== undefined && !limit.take())
    throw new TokenRefusal(refusals.tooManyRequests, 'more than tokenRequestsPerMinute');
  const parameters = await readParameters(request);
  if (parameters === undefined)
    throw new TokenRefusal(refusals.parameterMissing, 'no form, or a parameter twice', { name: 'grant_type' });
  const grantType = parameters['grant_type'] ?? '';
  const app = authenticateApp(tenant, request, parameters);
  tenant.log('token requested', { grant: grantType, client: app.clientId, scopes: parameters['scope'] });
  const known = ['authorization_code', 'refresh_token', deviceCodeGrant, tenant.flavour.exchangeGrant];
  if (!known.includes(grantType))
    throw new TokenRefusal(refusals.grantUnsupported, 'no grant of this provider', { grant: grantType });
  const jkt = await readProof(tenant, request, { app, parameters });
  switch (grantType) {
    case 'authorization_code':
      return await redeemCode(tenant, grants, { app, jkt }, parameters);
    case 'refresh_token':
      return await refresh(tenant, grants, { app, jkt }, parameters);
    case deviceCodeGrant: {
      const granted = { ...redeemDeviceCode(tenant, codes, { app, parameters }), jkt };
      return await issue(tenant, granted, { ...refreshTokenFor(grants, granted), nonce: granted.nonce });
    }
    default:
      return await issue(
        tenant,
        { ...(await tenant.flavour.exchange(tenant, app, parameters)), jkt },
        { isExchange: true },
      );
  }
}

/** Who asks, and the key they prove. */
interface Asking {
  readonly app: SeedApp;
  readonly jkt: string | undefined;
}

/** @throws TokenRefusal */
async function readProof(
  tenant: Tenant,
  request: IncomingMessage,
  asking: { readonly app: SeedApp; readonly parameters: Parameters },
) {
  const { flavour } = tenant;
  if (flavour.readProof !== undefined) return await flavour.readProof(tenant, request, asking);
  if (asking.app.requireDpop && asking.parameters['grant_type'] === flavour.exchangeGrant)
    throw new TokenRefusal(
      flavour.refusals.dpopMissing,
      'the app has requireDpop, for which this flavour has no proofs',
    );
  return undefined;
}

async function redeemCode(tenant: Tenant, grants: Grants, { app, jkt }: Asking, parameters: Parameters) {
  const { refusals } = tenant.flavour;
  const refuse = (reason: string) => new TokenRefusal(refusals.codeInvalid, reason);
  const grant = grants.takeCode(parameters['code'] ?? '', app);
  if (grant === undefined) throw refuse('no such code of this app');
  if (parameters['redirect_uri'] !== grant.redirectUri) throw refuse('another redirect_uri than the request had');
  const verifier = parameters['code_verifier'];
  const challenge = verifier === undefined ? undefined : createHash('sha256').update(verifier).digest('base64url');
  if (challenge !== grant.codeChallenge) throw refuse('the code_verifier does not match');
  const granted = { ...grant, jkt };
  return await issue(tenant, granted, { ...refreshTokenFor(grants, granted), nonce: grant.nonce });
}

async function refresh(tenant: Tenant, grants: Grants, { app, jkt }: Asking, parameters: Parameters) {
  const { refusals } = tenant.flavour;
  const token = parameters['refresh_token'] ?? '';
  const grant = grants.findRefreshToken(token, app);
  if (grant === undefined || tenant.sessions.hasEnded(grant.sessionId))
    throw new TokenRefusal(refusals.refreshTokenInvalid, 'no such refresh token of this app, or its session ended');
  // RFC 9449 §5: a public client has to prove the key its refresh token is bound to.
  if (isPublic(app) && grant.jkt !== undefined && grant.jkt !== jkt)
    throw new TokenRefusal(refusals.refreshProofInvalid ?? refusals.refreshTokenInvalid, 'it is bound to another key', {
      why: jkt === undefined ? 'DPoP proof is missing' : "DPoP confirmation doesn't match DPoP proof",
    });
  return await issue(tenant, { ...grant, jkt }, { refreshToken: token });
}

function refreshTokenFor(grants: Grants, grant: Granted) {
  const may = grant.app.grantTypes.includes('refresh_token') && grant.scopes.includes('offline_access');
  return may ? { refreshToken: grants.addRefreshToken(grant) } : {};
}
