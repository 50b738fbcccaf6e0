import type { Fault } from '../fault.ts';
import { changeApp, changeExchangePolicy, changeExchangeRule, changeServer } from './change-seed.ts';

/** An answer of the provider that has one meaning, from wherever it is seen. */
const both = (...causes: [string, ...string[]]) => ({ explain: causes, doctor: causes }) as const;

/** What can be wrong in the provider's console. */
export const providerSetUpFaults: readonly Fault[] = [
  {
    name: 'untrusted-server',
    title: "The back end's authorization server does not trust the one users sign in at",
    seed: changeServer('backend', { trusts: [] }),
    ...both('okta-server-not-trusted'),
  },
  {
    name: 'grant-not-ticked',
    title: "The gateway's app may not use the token exchange grant",
    seed: changeApp('gateway', { grantTypes: ['client_credentials'] }),
    ...both('okta-grant-not-ticked'),
  },
  {
    name: 'dpop-required',
    title: "The gateway's app requires proof of possession",
    seed: changeApp('gateway', { requireDpop: true }),
    ...both('okta-dpop-required'),
  },
  {
    name: 'policy-missing',
    title: "The back end's authorization server has no access policy",
    seed: changeServer('backend', { policies: [] }),
    ...both('okta-policy'),
  },
  {
    name: 'policy-inactive',
    title: 'The access policy of the exchange is not active',
    seed: changeExchangePolicy((policy) => ({ ...policy, active: false })),
    ...both('okta-policy'),
  },
  {
    name: 'policy-for-other-client',
    title: "The access policy of the exchange is not assigned to the gateway's app",
    seed: changeExchangePolicy((policy) => ({ ...policy, clients: ['vscode'] })),
    ...both('okta-policy'),
  },
  {
    name: 'rule-inactive',
    title: 'The rule of that policy is not active',
    seed: changeExchangeRule({ active: false }),
    ...both('okta-policy'),
  },
  {
    name: 'rule-lacks-grant',
    title: 'The rule of that policy does not have token exchange among its grant types',
    seed: changeExchangeRule({ grantTypes: ['client_credentials'] }),
    ...both('okta-policy'),
  },
  {
    name: 'rule-lacks-scope',
    title: 'The rule of that policy grants other scopes than are asked for',
    seed: (seed) => changeExchangeRule({ scopes: ['backend-api:write'] })(withScope(seed)),
    ...both('okta-policy'),
  },
  {
    name: 'user-not-in-rule',
    title: 'The rule of that policy is for a group the user is not in',
    seed: changeExchangeRule({ people: { users: [], groups: ['Sales'] } }),
    ...both('okta-policy'),
  },
  {
    name: 'user-deactivated',
    title: 'The user is not there any more; the token still is',
    seed: (seed) => ({ ...seed, users: seed.users.slice(1) }),
    ...both('okta-server-not-trusted'),
  },
  {
    name: 'redirect-uri-missing',
    title: "The redirect URIs of the user's client are not registered",
    seed: changeApp('vscode', { redirectUris: ['http://127.0.0.1:33418/other'] }),
    explain: { nothing: 'the call of somebody who has signed in before goes through' },
    doctor: ['redirect-uri-missing'],
  },
  {
    name: 'client-not-registered',
    title: "The user's client has an id that the provider does not know",
    clientId: 'somebody',
    explain: { nothing: 'the call of somebody who has signed in before goes through' },
    doctor: ['redirect-uri-missing'],
  },
];

type Seed = Parameters<NonNullable<Fault['seed']>>[0];

function withScope(seed: Seed): Seed {
  const scopes = seed.servers.find(({ id }) => id === 'backend')?.scopes ?? [];
  const more = { name: 'backend-api:write', description: '', published: false, default: false };
  return changeServer('backend', { scopes: [...scopes, more] })(seed);
}
