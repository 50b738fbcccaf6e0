import type { Fault } from '../fault.ts';
import { auth0ClientFaults } from './auth0-client-faults.ts';
import { auth0DpopFaults } from './auth0-dpop-faults.ts';
import { auth0TokenFaults } from './auth0-token-faults.ts';
import { auth0UserFaults } from './auth0-user-faults.ts';
import { both } from './both.ts';
import { changeApp, changeExchangePolicy, changeExchangeRule } from './change-seed.ts';

/** What can be wrong with the gateway's application at Auth0, and with what it asks for. */
const applicationFaults: readonly Fault[] = [
  {
    name: 'auth0-grant-not-allowed',
    title: "The gateway's application does not have On-Behalf-Of Token Exchange switched on",
    seed: changeApp('gateway', { grantTypes: ['client_credentials'] }),
    ...both('auth0-grant-not-allowed'),
  },
  {
    name: 'auth0-client-id-of-users-client',
    title: 'The client id and secret are those of the application users sign in with',
    gateway: (lab) => ({ clientId: lab.clientId(), clientSecret: 'vscode-development-secret' }),
    ...both('auth0-grant-not-allowed'),
  },
  {
    name: 'auth0-wrong-secret',
    title: "The client secret of the gateway is another, which Auth0 calls 'access_denied'",
    gateway: () => ({ clientSecret: 'not-the-secret' }),
    ...both('auth0-client-unauthorized'),
  },
  {
    name: 'auth0-private-key-jwt',
    title: "The application's authentication method is Private Key JWT, and the gateway sends a secret",
    seed: changeApp('gateway', { authenticatesBy: 'key' }),
    ...both('auth0-client-unauthorized'),
  },
  {
    name: 'auth0-wrong-client-id',
    title: 'The client id of the gateway is another',
    gateway: () => ({ clientId: 'nobody' }),
    ...both('auth0-client-unknown'),
  },
  {
    name: 'auth0-client-grant-missing',
    title: "There is no client grant between the gateway's application and the API",
    seed: changeExchangeRule({ active: false }),
    ...both('auth0-client-grant-missing'),
  },
  {
    name: 'auth0-client-grant-of-other-application',
    title: "Access to the API was granted to the users' application instead of the gateway's",
    seed: changeExchangePolicy((policy) => ({ ...policy, clients: ['vscode'] })),
    ...both('auth0-client-grant-missing'),
  },
  {
    name: 'auth0-client-access-granted',
    title: "The gateway's application was granted client access to the API instead of user-delegated access",
    seed: changeExchangeRule({ grantTypes: ['client_credentials'] }),
    ...both('auth0-client-grant-missing'),
  },
  {
    name: 'auth0-permission-not-granted',
    title: 'The client grant leaves a permission out that the exchange asks for',
    seed: (seed) => changeExchangeRule({ scopes: ['backend-api:write'] })(withWriteScope(seed)),
    ...both('auth0-scope-not-granted'),
  },
  {
    name: 'auth0-not-the-api-of-the-gateway',
    title: "The gateway's application is not the one of the API that callers ask for",
    seed: changeApp('gateway', { api: 'backend' }),
    ...both('auth0-subject-token-invalid'),
  },
  {
    name: 'auth0-consent-required',
    title: 'The API behind wants consent, for which an exchange cannot ask',
    seed: changeApp('gateway', { consent: 'required' }),
    ...both('auth0-consent-required'),
  },
  {
    name: 'auth0-api-unknown',
    title: 'The exchange asks for an API that is not there',
    gateway: () => ({ exchangeAudience: 'https://nowhere.example.com' }),
    ...both('auth0-api-unknown'),
  },
  {
    name: 'auth0-api-slash',
    title: "The exchange asks for the API with a slash at its end, which is not part of the API's identifier",
    gateway: (lab) => ({ exchangeAudience: `${lab.server('backend').audience}/` }),
    ...both('auth0-api-unknown'),
  },
  {
    name: 'auth0-api-by-name',
    title: 'The exchange asks for the API by its name instead of its identifier',
    gateway: (lab) => ({ exchangeAudience: lab.server('backend').name }),
    ...both('auth0-api-unknown'),
  },
  {
    name: 'auth0-audience-missing',
    title: 'The exchange names no API',
    gateway: () => ({ exchangeAudience: undefined }),
    ...both('auth0-audience-missing'),
  },
  {
    name: 'auth0-scope-left-out',
    title: 'The exchange asks for a scope the API does not have, which Auth0 leaves out without a word',
    gateway: () => ({ exchangeScopes: ['backend-api:write'] }),
    ...both('returned-scope'),
  },
  {
    name: 'auth0-subject-token-type',
    title: "The caller's token is handed in as a JWT, for which there is no Custom Token Exchange Profile",
    gateway: () => ({ subjectTokenType: 'jwt' }),
    ...both('auth0-token-types'),
  },
  {
    name: 'auth0-not-recognised',
    title: 'The tenant has a domain of its own, and nobody said that it is Auth0: requested_token_type is not sent',
    gateway: () => ({ provider: undefined }),
    ...both('generic-token-types'),
  },
  {
    name: 'auth0-rate-limit',
    title: "The tenant's rate limit is used up",
    seed: (seed) => ({ ...seed, tokenRequestsPerMinute: 0 }),
    ...both('auth0-rate-limit'),
  },
];

/** What is particular to Auth0: one tenant, whose APIs have identifiers, and client grants between them. */
export const auth0Faults: readonly Fault[] = [
  ...auth0TokenFaults,
  ...applicationFaults,
  ...auth0ClientFaults,
  ...auth0DpopFaults,
  ...auth0UserFaults,
];

type Seed = Parameters<NonNullable<Fault['seed']>>[0];

function withWriteScope(seed: Seed): Seed {
  const more = { name: 'backend-api:write', description: '', published: false, default: false };
  return {
    ...seed,
    servers: seed.servers.map((server) =>
      server.id === 'backend' ? { ...server, scopes: [...server.scopes, more] } : server,
    ),
  };
}
