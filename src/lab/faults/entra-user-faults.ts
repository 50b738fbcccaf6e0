import type { Fault } from '../fault.ts';
import { both } from './both.ts';
import { changeExchangeRule, changeServer, changeUsers } from './change-seed.ts';

/** What Entra ID can have against the user: the account, its sign-in, and Conditional Access of the API behind. */
export const entraUserFaults: readonly Fault[] = [
  {
    name: 'entra-user-not-assigned',
    title: 'The API is for assigned users only, and this one is not',
    seed: changeExchangeRule({ people: { users: [], groups: ['Sales'] } }),
    ...both('entra-user-not-assigned'),
  },
  {
    name: 'entra-user-deleted',
    title: 'The user was deleted after signing in',
    seed: (seed) => ({ ...seed, users: seed.users.slice(1) }),
    ...both('entra-user-not-in-tenant'),
  },
  {
    name: 'entra-user-disabled',
    title: "The user's account was disabled after signing in",
    seed: changeUsers({ disabled: true }),
    ...both('entra-user-disabled'),
  },
  {
    name: 'entra-sessions-revoked',
    title: "The user's sessions were revoked after signing in",
    seed: changeUsers({ tokensValidFrom: '2100-01-01T00:00:00Z' }),
    ...both('entra-session-ended'),
  },
  {
    name: 'entra-mfa-required',
    title: 'Conditional Access wants multifactor authentication for the API behind, and not for the gateway',
    seed: changeServer('backend', { multifactor: true }),
    ...both('entra-mfa-required'),
  },
  {
    name: 'entra-mfa-enrolment',
    title: 'Conditional Access wants multifactor authentication, and the user has no method for it',
    seed: changeServer('backend', { conditionalAccess: 'enrolment' }),
    ...both('entra-mfa-enrolment'),
  },
  {
    name: 'entra-device-not-compliant',
    title: 'Conditional Access wants a compliant device',
    seed: changeServer('backend', { conditionalAccess: 'compliant-device' }),
    ...both('entra-device-not-compliant'),
  },
  {
    name: 'entra-device-not-joined',
    title: 'Conditional Access wants a device of the domain',
    seed: changeServer('backend', { conditionalAccess: 'joined-device' }),
    ...both('entra-device-not-compliant'),
  },
  {
    name: 'entra-app-not-approved',
    title: 'Conditional Access wants an approved client app',
    seed: changeServer('backend', { conditionalAccess: 'approved-app' }),
    ...both('entra-device-not-compliant'),
  },
  {
    name: 'entra-conditional-access-blocked',
    title: 'Conditional Access blocks the API from where the gateway runs',
    seed: changeServer('backend', { conditionalAccess: 'block' }),
    ...both('entra-conditional-access-blocked'),
  },
  {
    name: 'entra-sign-in-frequency',
    title: 'Conditional Access wants a sign-in that is more recent',
    seed: changeServer('backend', { conditionalAccess: 'sign-in-frequency' }),
    ...both('entra-session-ended'),
  },
];
