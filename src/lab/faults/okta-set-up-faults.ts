import type { Fault } from '../fault.ts';
import { both } from './both.ts';
import { changeApp, changeExchangePolicy, changeExchangeRule, changeServer } from './change-seed.ts';

/** What can be wrong in Okta's console. The token endpoint says of most of it the same; the doctor asks the management API. */
export const oktaSetUpFaults: readonly Fault[] = [
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
    explain: ['okta-policy'],
    doctor: ['okta-policy-missing'],
  },
  {
    name: 'policy-inactive',
    title: 'The access policy of the exchange is not active',
    seed: changeExchangePolicy((policy) => ({ ...policy, active: false })),
    explain: ['okta-policy'],
    doctor: ['okta-policy-inactive'],
  },
  {
    name: 'policy-for-other-client',
    title: "The access policy of the exchange is not assigned to the gateway's app",
    seed: changeExchangePolicy((policy) => ({ ...policy, clients: ['vscode'] })),
    explain: ['okta-policy'],
    doctor: ['okta-policy-missing'],
  },
  {
    name: 'rule-inactive',
    title: 'The rule of that policy is not active',
    seed: changeExchangeRule({ active: false }),
    explain: ['okta-policy'],
    doctor: ['okta-rule-inactive'],
  },
  {
    name: 'rule-lacks-grant',
    title: 'The rule of that policy does not have token exchange among its grant types',
    seed: changeExchangeRule({ grantTypes: ['client_credentials'] }),
    explain: ['okta-policy'],
    doctor: ['okta-rule-lacks-grant'],
  },
  {
    name: 'rule-lacks-scope',
    title: 'The rule of that policy grants other scopes than are asked for',
    seed: (seed) => changeExchangeRule({ scopes: ['backend-api:write'] })(withScope(seed)),
    explain: ['okta-policy'],
    doctor: ['okta-rule-lacks-scope'],
  },
  {
    name: 'user-not-in-rule',
    title: 'The rule of that policy is for a group the user is not in',
    seed: changeExchangeRule({ people: { users: [], groups: ['Sales'] } }),
    explain: ['okta-policy'],
    doctor: ['okta-rule-other-people'],
  },
  {
    name: 'user-deactivated',
    title: 'The user is not there any more; the token still is',
    seed: (seed) => ({ ...seed, users: seed.users.slice(1) }),
    explain: ['okta-server-not-trusted'],
    doctor: ['okta-user-inactive'],
  },
];

type Seed = Parameters<NonNullable<Fault['seed']>>[0];

function withScope(seed: Seed): Seed {
  const scopes = seed.servers.find(({ id }) => id === 'backend')?.scopes ?? [];
  const more = { name: 'backend-api:write', description: '', published: false, default: false };
  return changeServer('backend', { scopes: [...scopes, more] })(seed);
}
