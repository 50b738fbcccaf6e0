import type { Fault } from '../fault.ts';
import { both } from './both.ts';
import { changeExchangePolicy, changeExchangeRule, changeServer } from './change-seed.ts';

/** What can be wrong in Entra ID with the API behind, and with what is asked of it. */
export const entraApiFaults: readonly Fault[] = [
  {
    name: 'entra-consent-missing',
    title: "Nobody consented to the gateway's app calling the API",
    seed: changeExchangeRule({ active: false }),
    ...both('entra-consent-missing'),
  },
  {
    name: 'entra-permission-of-other-app',
    title: "The delegated permission was added to the users' client instead of the gateway's app",
    seed: changeExchangePolicy((policy) => ({ ...policy, clients: ['7c9e6679-7425-40de-944b-e07fc1f90ae7'] })),
    ...both('entra-consent-missing'),
  },
  {
    name: 'entra-application-permission',
    title: 'The permission of the gateway is an application permission instead of a delegated one',
    seed: changeExchangeRule({ grantTypes: ['client_credentials'] }),
    ...both('entra-consent-missing'),
  },
  {
    name: 'entra-default-scope-without-consent',
    title: 'The exchange asks for .default, and nothing was consented to',
    seed: changeExchangeRule({ active: false }),
    gateway: (lab) => ({ exchangeScopes: [lab.fullScope('backend', '.default')] }),
    ...both('entra-consent-missing'),
  },
  {
    name: 'entra-scope-invalid',
    title: 'The exchange asks for a scope the API does not expose',
    gateway: (lab) => ({ exchangeScopes: [lab.fullScope('backend', 'Countries.Write')] }),
    ...both('entra-scope-invalid'),
  },
  {
    name: 'entra-scope-without-api',
    title: 'The exchange asks for a scope by its short name, which Entra takes for one of Microsoft Graph',
    gateway: () => ({ exchangeScopes: ['Countries.Read'] }),
    ...both('entra-scope-invalid'),
  },
  {
    name: 'entra-scope-of-two-apis',
    title: 'The exchange asks for scopes of two APIs at once',
    gateway: (lab) => ({
      exchangeScopes: [lab.fullScope('backend', 'Countries.Read'), lab.fullScope('mcpserver', 'mcp.tools.call')],
    }),
    ...both('entra-scope-of-two-apis'),
  },
  {
    name: 'entra-scope-openid',
    title: 'The exchange asks for scopes of OpenID Connect alone',
    gateway: () => ({ exchangeScopes: ['openid', 'profile'] }),
    ...both('entra-scope-invalid'),
  },
  {
    name: 'entra-resource-unknown',
    title: 'The scope asked for is of an API that the tenant does not have',
    gateway: () => ({ exchangeScopes: ['api://nowhere/Countries.Read'] }),
    ...both('entra-resource-unknown'),
  },
  {
    name: 'entra-api-disabled',
    title: 'The enterprise application of the API is disabled',
    seed: changeServer('backend', { disabled: true }),
    ...both('entra-resource-disabled'),
  },
  {
    name: 'entra-accept-mapped-claims',
    title: "The API's manifest has acceptMappedClaims, and the scope names it by api://ID",
    seed: changeServer('backend', { acceptMappedClaims: true }),
    gateway: (lab) => ({ exchangeScopes: [`api://${lab.fullScope('backend', 'Countries.Read')}`] }),
    ...both('entra-claims-mapping'),
  },
  {
    name: 'entra-wrong-audience',
    title: 'The new token is for another API than the gateway was told',
    gateway: () => ({ exchangeAudience: 'somebody-else' }),
    ...both('returned-audience'),
  },
  {
    name: 'entra-audience-by-uri',
    title: "The API's audience is configured as api://ID, and its tokens of version 2.0 have the id alone",
    gateway: (lab) => ({ exchangeAudience: `api://${lab.server('backend').audience}` }),
    ...both('returned-audience'),
  },
  {
    name: 'entra-api-token-version',
    title: "The API's manifest leaves requestedAccessTokenVersion out: its tokens are of version 1.0",
    seed: changeServer('backend', { audience: 'api://9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d' }),
    gateway: () => ({ exchangeAudience: '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d' }),
    ...both('returned-audience'),
  },
];
