import type { Fault } from '../fault.ts';
import { both } from './both.ts';
import { changeExchangeRule, changeServer, changeUsers } from './change-seed.ts';

/** What Auth0 can have against the user of an exchange. */
export const auth0UserFaults: readonly Fault[] = [
  {
    name: 'auth0-user-not-allowed',
    title: 'The user may not have the scope of the API',
    seed: changeExchangeRule({ people: { users: [], groups: ['Sales'] } }),
    ...both('auth0-scope-not-granted'),
  },
  {
    name: 'auth0-user-blocked',
    title: 'The user was blocked after signing in',
    seed: changeUsers({ disabled: true }),
    ...both('auth0-user-blocked'),
  },
  {
    name: 'auth0-user-deleted',
    title: 'The user was deleted after signing in',
    seed: (seed) => ({ ...seed, users: seed.users.slice(1) }),
    ...both('auth0-subject-token-invalid'),
  },
  {
    name: 'auth0-rbac-permission-missing',
    title: 'RBAC is on for the API behind, and the user has no role with the permission',
    seed: changeServer('backend', { rbac: true }),
    ...both('returned-scope'),
  },
  {
    name: 'auth0-action-denies',
    title: 'An Action of the post-login trigger denies exchanges',
    seed: (seed) => ({ ...seed, actionDenies: 'Not from this network.' }),
    ...both('auth0-action-denied'),
  },
  {
    name: 'auth0-mfa-required',
    title: 'An Action or policy wants multifactor authentication, which an exchange cannot do',
    seed: changeServer('backend', { multifactor: true }),
    ...both('auth0-mfa-required'),
  },
];
