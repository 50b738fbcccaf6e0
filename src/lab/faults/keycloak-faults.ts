import type { Fault } from '../fault.ts';
import { both } from './both.ts';
import { keycloakRequestFaults } from './keycloak-request-faults.ts';
import { keycloakTokenFaults } from './keycloak-token-faults.ts';
import { changeApp, changeExchangePolicy, changeExchangeRule, removeApp } from './change-seed.ts';

/** What is particular to Keycloak: a realm has one issuer, and clients stand for APIs. */
export const keycloakFaults: readonly Fault[] = [
  {
    name: 'keycloak-exchange-off',
    title: "Standard token exchange is not switched on for the gateway's client",
    seed: changeApp('mcpserver', { grantTypes: ['client_credentials'] }),
    ...both('keycloak-exchange-off'),
  },
  {
    name: 'keycloak-wrong-secret',
    title: "The client secret of the gateway is another, which Keycloak calls 'unauthorized_client'",
    gateway: () => ({ clientSecret: 'not-the-secret' }),
    ...both('keycloak-secret-wrong'),
  },
  {
    name: 'keycloak-wrong-client-id',
    title: 'The client id of the gateway is another',
    gateway: () => ({ clientId: 'nobody' }),
    ...both('keycloak-client-unknown'),
  },
  {
    name: 'keycloak-audience-unknown',
    title: 'The exchange asks for an audience that is no client',
    gateway: () => ({ exchangeAudience: 'somewhere' }),
    ...both('keycloak-audience-unknown'),
  },
  {
    name: 'keycloak-audience-not-available',
    title: 'No scope that is asked for has a mapper for the audience',
    gateway: () => ({ exchangeScopes: [] }),
    ...both('keycloak-audience-not-available'),
  },
  {
    name: 'keycloak-scope-invalid',
    title: 'The exchange asks for a scope the client does not have',
    gateway: () => ({ exchangeScopes: ['backend-api:reed'] }),
    ...both('keycloak-scope-invalid'),
  },
  {
    name: 'keycloak-scope-not-granted',
    title: "The client scope is not among those of the gateway's client",
    seed: changeExchangeRule({ active: false }),
    ...both('keycloak-scope-invalid'),
  },
  {
    name: 'keycloak-not-in-audience',
    title: "The callers' token is not meant for the gateway's client",
    seed: (seed) =>
      changeExchangePolicy((policy) => ({ ...policy, clients: ['another-gateway'] }))(
        changeApp('mcpserver', { clientId: 'another-gateway' })(seed),
      ),
    gateway: () => ({ clientId: 'another-gateway' }),
    ...both('keycloak-not-in-audience'),
  },
  {
    name: 'keycloak-realm-unknown',
    title: 'The token endpoint is of a realm that is not there',
    gateway: (lab) => ({ tokenUrl: lab.server('backend').tokenUrl.replace(/realms\/[^/]+/, 'realms/nowhere') }),
    ...both('keycloak-realm-unknown'),
  },
  {
    name: 'keycloak-public-client',
    title: "Client authentication is off for the gateway's client",
    seed: changeApp('mcpserver', { publicClient: true }),
    ...both('keycloak-public-client'),
  },
  {
    name: 'keycloak-dpop-required',
    title: "The gateway's client has 'Require DPoP bound tokens' on",
    seed: changeApp('mcpserver', { requireDpop: true }),
    ...both('keycloak-sender-constrained'),
  },
  {
    name: 'keycloak-consent-required',
    title: "The gateway's client has 'Consent required' on, and the user never signed in there",
    seed: changeApp('mcpserver', { consent: 'required' }),
    ...both('keycloak-consent-missing'),
  },
  {
    name: 'keycloak-user-lacks-role',
    title: 'The user does not have the role that the scope of the API asks for',
    seed: changeExchangeRule({ people: { users: [], groups: ['Sales'] } }),
    ...both('keycloak-audience-not-available'),
  },
  {
    name: 'keycloak-user-deleted',
    title: 'The user was deleted; the token still is',
    seed: (seed) => ({ ...seed, users: seed.users.slice(1) }),
    ...both('keycloak-subject-token-invalid'),
  },
  {
    name: 'keycloak-callers-client-deleted',
    title: 'The client people signed in with was deleted; their tokens still are',
    seed: removeApp('demo'),
    ...both('keycloak-subject-token-invalid'),
  },
  ...keycloakRequestFaults,
  ...keycloakTokenFaults,
];
