import type { Fault } from '../fault.ts';
import { both } from './both.ts';
import { changeServer } from './change-seed.ts';

/** Whoever signs in gets what there is. */
const everything: NonNullable<Parameters<typeof changeServer>[1]['policies']> = [
  {
    name: 'MCP clients',
    active: true,
    clients: 'ALL_CLIENTS',
    rules: [
      {
        name: 'User-delegated access',
        active: true,
        grantTypes: ['authorization_code'],
        people: 'EVERYONE',
        scopes: '*',
        accessTokenLifetimeMinutes: 60,
        refreshTokenLifetimeMinutes: 0,
        refreshTokenWindowMinutes: 10_080,
      },
    ],
  },
];

/** So many, each acting for the next. */
function actorsOf(count: number): object {
  const sub = `gateway-${count}`;
  return count === 1 ? { sub } : { sub, act: actorsOf(count - 1) };
}

/** What can be wrong with callers' tokens of Auth0, and with what is expected of them. */
export const auth0TokenFaults: readonly Fault[] = [
  {
    name: 'auth0-issuer-without-slash',
    title: "The issuer is configured without the slash that is part of Auth0's",
    gateway: (lab) => ({ issuer: lab.server('mcpserver').issuer.replace(/\/$/, '') }),
    ...both('issuer-trailing-slash'),
  },
  {
    name: 'auth0-issuer-by-other-domain',
    title: "The issuer is configured with the tenant's other domain: its own, or that of Auth0",
    gateway: (lab) => ({ issuer: lab.server('mcpserver').issuer.replace('localhost', '127.0.0.1') }),
    ...both('issuer-foreign'),
  },
  {
    name: 'auth0-resource-parameter-off',
    title: 'The Resource Parameter Compatibility Profile is off: MCP clients get tokens that only Auth0 can read',
    seed: (seed) => ({ ...seed, resourceParameter: false }),
    callerToken: (lab) => lab.signInAnew(),
    ...both('opaque-token'),
  },
  {
    name: 'auth0-api-signs-with-secret',
    title: "The API's signing algorithm is HS256: its tokens can be verified with a secret only",
    seed: changeServer('mcpserver', { signingAlgorithm: 'HS256' }),
    callerToken: (lab) => lab.signInAnew(),
    ...both('token-algorithm'),
  },
  {
    name: 'auth0-permission-undefined',
    title: 'The API has no permission of that name: Auth0 leaves the scope out without a word',
    seed: changeServer('mcpserver', { scopes: [], policies: everything }),
    callerToken: (lab) => lab.signInAnew(),
    ...both('scope-missing'),
  },
  {
    name: 'auth0-rbac-user-without-role',
    title: 'RBAC is on for the API of the callers, and the user has no role with the permission',
    seed: changeServer('mcpserver', { rbac: true }),
    callerToken: (lab) => lab.signInAnew(),
    ...both('scope-missing'),
  },
  {
    name: 'auth0-delegation-too-deep',
    title: "The caller's token went through too many exchanges already",
    callerToken: (lab) => lab.tokenWith({ act: actorsOf(5) }),
    ...both('auth0-delegation-too-deep'),
  },
  {
    name: 'auth0-token-for-userinfo',
    title: "The client's token is for Auth0's own userinfo only",
    callerToken: (lab) => lab.tokenWith({ aud: `${lab.server('mcpserver').issuer}userinfo`, scope: 'openid profile' }),
    ...both('audience-other-service'),
  },
  {
    name: 'auth0-audience-of-client',
    title: "The audience of callers is configured as the users' client id, as for an ID token",
    gateway: (lab) => ({ audience: lab.clientId() }),
    ...both('audience-other-service'),
  },
  {
    name: 'auth0-audience-slash',
    title: "The audience of callers is configured with a slash at its end, which the API's identifier does not have",
    gateway: (lab) => ({ audience: `${lab.server('mcpserver').audience}/` }),
    ...both('audience-other-service'),
  },
];
