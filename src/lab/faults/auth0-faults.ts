import type { Fault } from '../fault.ts';
import { both } from './both.ts';
import { changeApp, changeExchangeRule } from './change-seed.ts';

/** What is particular to Auth0: one tenant, whose APIs have identifiers, and client grants between them. */
export const auth0Faults: readonly Fault[] = [
  {
    name: 'auth0-grant-not-allowed',
    title: "The gateway's application does not have the grant type",
    seed: changeApp('gateway', { grantTypes: ['client_credentials'] }),
    ...both('auth0-grant-not-allowed'),
  },
  {
    name: 'auth0-wrong-secret',
    title: "The client secret of the gateway is another, which Auth0 calls 'access_denied'",
    gateway: () => ({ clientSecret: 'not-the-secret' }),
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
    name: 'auth0-user-not-allowed',
    title: 'The user may not have the scope of the API',
    seed: changeExchangeRule({ people: { users: [], groups: ['Sales'] } }),
    ...both('auth0-scope-not-granted'),
  },
  {
    name: 'auth0-api-unknown',
    title: 'The exchange asks for an API that is not there',
    gateway: () => ({ exchangeAudience: 'https://nowhere.example.com' }),
    ...both('auth0-api-unknown'),
  },
  {
    name: 'auth0-not-the-api-of-the-gateway',
    title: "The gateway's application is not the one of the API that callers ask for",
    seed: changeApp('gateway', { api: 'backend' }),
    ...both('auth0-subject-token-invalid'),
  },
  {
    name: 'auth0-issuer-without-slash',
    title: "The issuer is configured without the slash that is part of Auth0's",
    gateway: (lab) => ({ issuer: lab.server('mcpserver').issuer.replace(/\/$/, '') }),
    ...both('issuer-trailing-slash'),
  },
  {
    name: 'auth0-scope-left-out',
    title: 'The exchange asks for a scope the API does not have, which Auth0 leaves out without a word',
    gateway: () => ({ exchangeScopes: ['backend-api:write'] }),
    ...both('returned-scope'),
  },
];
