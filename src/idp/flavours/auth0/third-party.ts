import type { SeedApp, SeedServer } from '../../seed/seed-schema.ts';
import type { Asked, Parameters, Tenant } from '../flavour.ts';
import { TokenRefusal } from '../token-refusal.ts';
import { refusals } from './refusals.ts';

/** Of auth0.com/docs/get-started/applications/third-party-applications/security-controls#authorize-parameter-validation; there are
 * `ext-…` beside.
 */
const allowed = new Set([
  'acr_values',
  'audience',
  'authorization_details',
  'client_id',
  'code_challenge',
  'code_challenge_method',
  'connection',
  'correlation_id',
  'display',
  'dpop_jkt',
  'login_hint',
  'max_age',
  'nonce',
  'prompt',
  'redirect_uri',
  'resource',
  'response_type',
  'scope',
  'state',
  'ui_locales',
]);

/** What a third-party application may have: of the API that is asked for what it has by default permissions, and no scope of
 * OpenID Connect but the one for refresh tokens (the same page).
 * @param api undefined where none was asked for: there is no token for userinfo
 * @throws TokenRefusal
 */
export function readThirdParty(
  tenant: Tenant,
  app: SeedApp,
  { parameters, api }: { readonly parameters: Parameters; readonly api: SeedServer | undefined },
): Asked {
  const foreign = Object.keys(parameters).find((name) => !allowed.has(name) && !name.startsWith('ext-'));
  if (foreign !== undefined)
    throw new TokenRefusal(refusals.parameterUnsupported, 'a third-party app', { name: foreign });
  if (parameters['code_challenge'] === undefined)
    throw new TokenRefusal(refusals.challengeMissing, 'a third-party app');
  if (tenant.seed.domainConnection !== true)
    throw new TokenRefusal(refusals.connectionMissing, 'a third-party app, and the seed has no domainConnection');
  if (api?.thirdPartyScopes === undefined)
    throw new TokenRefusal(refusals.thirdPartyNotGranted, `server ${api?.id ?? '(none)'} has no thirdPartyScopes`, {
      clientId: app.clientId,
      api: api?.audience ?? `${tenant.issuer}userinfo`,
    });
  const { thirdPartyScopes: granted } = api;
  // "The intersection" of what is asked for and what is granted (…/application-access-to-apis-client-grants).
  const may = ({ name }: { readonly name: string }) => granted === '*' || granted.includes(name);
  const names = new Set(api.scopes.filter(may).map(({ name }) => name));
  const asked = (parameters['scope'] ?? '').split(' ');
  const scopes = asked.filter((scope) => scope === 'offline_access' || names.has(scope));
  return { apis: [withDefaultGrant(api)], scopes };
}

/** The API with its default permissions as the one policy that counts. */
function withDefaultGrant(api: SeedServer): SeedServer {
  const rule = {
    name: 'User-Delegated Access',
    active: true,
    grantTypes: ['authorization_code' as const],
    people: 'EVERYONE' as const,
    scopes: '*' as const,
    // "Defaults to 3600" seconds (#restricted-client-configuration).
    accessTokenLifetimeMinutes: 60,
    refreshTokenLifetimeMinutes: 0,
    refreshTokenWindowMinutes: 10_080,
  };
  return { ...api, policies: [{ name: 'Default permissions', active: true, clients: 'ALL_CLIENTS', rules: [rule] }] };
}
