import { isLoopbackHost } from '../../../lib/loopback.ts';
import {
  type AdminAccess,
  type ExpectedSetUp,
  joinInspections,
  type SetUpInspection,
} from '../../../model/set-up-inspection.ts';
import { tokenExchangeGrant } from '../../../model/urns.ts';
import { fail } from '../../../model/usher-error.ts';
import { AdminApi, title } from '../set-up/admin-api.ts';
import { exchangeSwitch } from '../set-up/plan-clients.ts';
import { bringsAudience } from '../set-up/plan-scopes.ts';
import type { ClientRepresentation } from '../set-up/representations.ts';
import { type KeycloakFaultId, keycloakFault } from './keycloak-fault.ts';
import { readRealm, type RealmParts } from './read-realm.ts';

const realmOfUrl = /^(.*)\/realms\/([^/]+)\//;

/** Compares a realm with what a gateway is configured for, by the admin API. Only reads.
 * @throws UsherError `setup_refused` or `setup_unavailable`
 */
export async function inspectKeycloak(
  expected: ExpectedSetUp,
  { secret, user = 'admin', realm: adminRealm = 'master', http }: AdminAccess,
): Promise<SetUpInspection> {
  const { origin, hostname, protocol, pathname } = new URL(expected.exchange.url);
  const [, root, realm] = realmOfUrl.exec(pathname) ?? [];
  const refuse = (reason: string) => fail('setup_unavailable', { title, target: origin, reason });
  if (protocol !== 'https:' && !isLoopbackHost(hostname))
    throw refuse('its address is plain http, over which no password is sent');
  if (root === undefined || realm === undefined) throw refuse('the token endpoint names no realm');
  const admin = { url: origin + root, realm: decodeURIComponent(realm), adminRealm, user, password: secret };
  const parts = await readRealm(new AdminApi(admin, http), expected);
  if (parts === undefined)
    return joinInspections(faultsIf([['keycloak-realm-unknown', `There is no realm "${admin.realm}"`]]));
  return joinInspections(
    judgeRealm(parts, admin.realm),
    judgeGateway(expected, parts),
    ...expected.exchange.audience.map((audience) => judgeAudience(audience, expected, parts)),
    ...expected.exchange.scopes.map((scope) => judgeScope(scope, parts)),
    judgeClient(expected, parts),
  );
}

type Part = Partial<SetUpInspection>;

/** Those of which something was seen; what is good when there are none. */
function faultsIf(seen: readonly (readonly [KeycloakFaultId, string | false])[], good?: string): Part {
  const faults = seen.flatMap(([id, words]) => (words === false ? [] : [keycloakFault(id, words)]));
  return faults.length > 0 || good === undefined ? { faults } : { good: [good] };
}

function judgeRealm({ isEnabled, grants }: RealmParts, realm: string): Part {
  return faultsIf([
    ['keycloak-realm-disabled', !isEnabled && `The realm "${realm}" is switched off`],
    [
      'keycloak-exchange-unsupported',
      isEnabled && !grants.includes(tokenExchangeGrant) && `The realm "${realm}" offers no token exchange`,
    ],
  ]);
}

function judgeGateway({ exchange }: ExpectedSetUp, { gateway }: RealmParts): Part {
  const name = `The client "${exchange.clientId}"`;
  if (gateway === undefined) return faultsIf([['keycloak-client-unknown', `${name} is not there`]]);
  const { enabled, publicClient, bearerOnly, consentRequired, attributes } = gateway;
  return faultsIf(
    [
      ['keycloak-client-disabled', !enabled && `${name} is switched off`],
      ['keycloak-public-client', (publicClient || bearerOnly) && `${name} has Client authentication off`],
      ['keycloak-exchange-off', attributes[exchangeSwitch] !== 'true' && `${name} has Standard Token Exchange off`],
      [
        'keycloak-consent-missing',
        consentRequired && `${name} has Consent required on, and an exchange cannot ask anybody`,
      ],
      [
        'keycloak-sender-constrained',
        attributes['dpop.bound.access.tokens'] === 'true' &&
          !exchange.dpop &&
          `${name} has Require DPoP bound tokens on, and the gateway is not set to send proofs`,
      ],
    ],
    `${name} may exchange tokens`,
  );
}

/** The client that stands for the API, and what brings it into the audience of the token. */
function judgeAudience(audience: string, { exchange }: ExpectedSetUp, parts: RealmParts): Part {
  const target = parts.targets.get(audience);
  const name = `The client "${audience}", the audience that is asked for,`;
  if (target === undefined) return faultsIf([['keycloak-audience-unknown', `${name} is not there`]]);
  if (!target.enabled) return faultsIf([['keycloak-audience-disabled', `${name} is switched off`]]);
  if (parts.gateway === undefined) return {};
  return judgeMapper('keycloak-audience-not-available', audience, parts.gateway, { asked: exchange.scopes, parts });
}

/** Whether an Audience mapper of what a client gets by default or asks for brings the audience. */
function judgeMapper(
  id: KeycloakFaultId,
  audience: string,
  client: ClientRepresentation,
  { asked, parts }: { readonly asked: readonly string[]; readonly parts: RealmParts },
): Part {
  const { defaultClientScopes, optionalClientScopes, clientId } = client;
  const applied = [...defaultClientScopes, ...optionalClientScopes.filter((scope) => asked.includes(scope))];
  const mapped = [client, ...applied.flatMap((name) => parts.scopes.get(name) ?? [])];
  if (mapped.some((one) => bringsAudience(one, audience)))
    return { good: [`A mapper brings the audience "${audience}" into the tokens of "${clientId}"`] };
  // With it the audience comes where the user has a role of that client.
  if (mapped.some(({ protocolMappers }) => protocolMappers.some(isResolving)))
    return {
      open: [
        `The audience "${audience}" comes into the tokens of "${clientId}" only for users with a role of that client (Audience Resolve)`,
      ],
    };
  const tried =
    applied.length === 0 ? 'it has no client scope' : `none of ${applied.join(', ')} has an Audience mapper for it`;
  return faultsIf([[id, `Nothing brings the audience "${audience}" into the tokens of "${clientId}": ${tried}`]]);
}

function isResolving({ protocolMapper }: { readonly protocolMapper?: string | undefined }): boolean {
  return protocolMapper === 'oidc-audience-resolve-mapper';
}

function judgeScope(scope: string, { gateway, scopes }: RealmParts): Part {
  const found = scopes.get(scope);
  // `openid` is a parameter of the protocol, not a client scope.
  if (scope === 'openid' || gateway === undefined) return {};
  const isAssigned = [...gateway.defaultClientScopes, ...gateway.optionalClientScopes].includes(scope);
  return faultsIf(
    [
      [
        'keycloak-scope-invalid',
        found === undefined
          ? `There is no client scope "${scope}"`
          : !isAssigned && `The client "${gateway.clientId}" does not have the client scope "${scope}"`,
      ],
      [
        'keycloak-scope-left-out',
        found?.attributes['include.in.token.scope'] === 'false' &&
          `The client scope "${scope}" is not included in the token's scope`,
      ],
    ],
    `The client "${gateway.clientId}" may ask for "${scope}"`,
  );
}

/** People's client, where it was named: it needs a sign-in, the scopes of a call, and the gateway in the audience. */
function judgeClient({ callers, exchange }: ExpectedSetUp, parts: RealmParts): Part {
  const { client, scopes } = parts;
  if (callers.clientId === undefined) return {};
  const name = `The client "${callers.clientId}"`;
  if (client === undefined) return faultsIf([['keycloak-mcp-client-unknown', `${name} is not there`]]);
  const assigned = [...client.defaultClientScopes, ...client.optionalClientScopes];
  const missing = callers.scopes.filter(
    (scope) => scope !== 'openid' && (!assigned.includes(scope) || !scopes.has(scope)),
  );
  const own = faultsIf(
    [
      ['keycloak-client-disabled', !client.enabled && `${name} is switched off`],
      ['keycloak-mcp-client-flow', !client.standardFlowEnabled && `${name} has Standard flow off`],
      ['keycloak-callers-scope', missing.length > 0 && `${name} does not have the client scope ${missing.join(', ')}`],
    ],
    `${name} may sign people in and ask for ${callers.scopes.join(' ')}`,
  );
  return joinInspections(
    own,
    judgeMapper('keycloak-not-in-audience', exchange.clientId, client, { asked: callers.scopes, parts }),
  );
}
