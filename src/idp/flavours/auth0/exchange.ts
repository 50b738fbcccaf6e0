import type { JWTPayload } from 'jose';
import { isObject } from '../../../lib/is-object.ts';
import type { SeedApp } from '../../seed/seed-schema.ts';
import { askPolicies } from '../ask-policy.ts';
import type { Granted, Parameters, Tenant } from '../flavour.ts';
import { verifyToken } from '../sign-token.ts';
import { TokenRefusal } from '../token-refusal.ts';
import { leaveScopes } from './leave-scopes.ts';
import { refusals } from './refusals.ts';
import { userIdOf } from './user-id.ts';
import { accessTokenType, tokenExchangeGrant } from '../../../model/urns.ts';

/** "Will fail if the subject token already has four nested act levels" (the page below, #the-act-claim). */
const deepest = 4;

/** On-Behalf-Of Token Exchange (auth0.com/docs/secure/call-apis-on-users-behalf/on-behalf-of-token-exchange): a Custom API
 * Client swaps a token for its own API for one of another API, which names the whole chain of actors in `act`.
 */
export async function exchange(tenant: Tenant, app: SeedApp, parameters: Parameters): Promise<Granted> {
  if (!app.grantTypes.includes(tokenExchangeGrant) || app.thirdParty === true)
    throw new TokenRefusal(
      refusals.grantNotAllowed,
      'the app’s grantTypes leave token exchange out, or it is a third-party one',
    );
  // Both are required, where RFC 8693 has one of them optional.
  if (parameters['subject_token_type'] !== accessTokenType || parameters['requested_token_type'] !== accessTokenType)
    throw new TokenRefusal(refusals.tokenTypesInvalid, `expected ${accessTokenType} for both`);
  const { claims, user } = await verifySubjectToken(tenant, app, parameters['subject_token'] ?? '');
  const audience = parameters['audience'];
  if (audience === undefined) throw new TokenRefusal(refusals.parameterMissing, 'none was sent', { name: 'audience' });
  const api = tenant.seed.servers.find((server) => server.audience === audience);
  if (api === undefined) throw new TokenRefusal(refusals.apiUnknown, 'no server has it', { api: audience });
  if (app.consent === 'required') throw new TokenRefusal(refusals.consentRequired, 'the app asks for consent');
  const depth = depthOf(claims['act']);
  if (depth >= deepest) throw new TokenRefusal(refusals.delegationTooDeep, `the act claim is ${depth} deep`);
  const { actionDenies } = tenant.seed;
  if (actionDenies !== undefined)
    throw new TokenRefusal(refusals.actionDenied, 'the seed has actionDenies', { reason: actionDenies });
  if (api.multifactor) throw new TokenRefusal(refusals.multifactorRequired, `server ${api.id} has multifactor`);
  const asked = parameters['scope']?.split(' ') ?? api.scopes.map(({ name }) => name);
  const granted = { apis: [api], scopes: leaveScopes(api, user, asked) };
  return {
    ...granted,
    app,
    user,
    lifetimeSeconds: askPolicies(tenant, granted, { app, user, grantType: tokenExchangeGrant }),
    authTime: Math.floor(tenant.now() / 1000),
    sessionId: '',
    isStrong: false,
    act: { sub: app.clientId, act: claims['act'] ?? { sub: claims['azp'] } },
  };
}

function depthOf(act: unknown): number {
  return isObject(act) ? 1 + depthOf(act['act']) : 0;
}

/** The token must be meant for the API that the client belongs to. */
async function verifySubjectToken(tenant: Tenant, app: SeedApp, token: string) {
  const verdict = await verifyToken(tenant, token);
  const refuse = (reason: string) => new TokenRefusal(refusals.subjectTokenInvalid, reason);
  if (verdict.state !== 'valid') throw refuse(`an ${verdict.state} token`);
  const own = tenant.seed.servers.find(({ id }) => id === app.api)?.audience;
  if (own === undefined || !audiencesOf(verdict.claims).includes(own))
    throw refuse(
      `the token is for ${audiencesOf(verdict.claims).join(', ')}, the app belongs to ${own ?? 'no server'}`,
    );
  const user = tenant.seed.users.find((one) => userIdOf(one) === verdict.claims.sub);
  if (user === undefined) throw refuse('a token that stands for no user');
  if (user.disabled === true) throw new TokenRefusal(refusals.userBlocked, `${user.login} is disabled`);
  return { claims: verdict.claims, user };
}

function audiencesOf({ aud = [] }: JWTPayload): readonly string[] {
  return [aud].flat();
}
