import type { Fault } from '../fault.ts';
import { both } from './both.ts';
import { changeApp, changeServer } from './change-seed.ts';

const requiring = changeApp('gateway', { requireDpop: true });

/** What can be wrong where tokens are to be bound to the gateway's key at Auth0. */
export const auth0DpopFaults: readonly Fault[] = [
  {
    name: 'auth0-dpop-required',
    title: "The gateway's application has 'Require Sender Constraining' on",
    seed: requiring,
    ...both('auth0-dpop-required'),
  },
  {
    name: 'auth0-dpop-required-by-api',
    title: "The API behind has 'Require Token Sender Constraining' on",
    seed: changeServer('backend', { senderConstraining: 'required' }),
    ...both('auth0-dpop-required'),
  },
  {
    name: 'auth0-dpop-method-none',
    title: "The gateway's application requires sender-constrained tokens, and the API's method is None",
    seed: requiring,
    gateway: () => ({ exchangeDpop: true }),
    ...both('auth0-dpop-api-off'),
  },
  {
    name: 'auth0-dpop-in-vain',
    title:
      "The gateway proves a key (DPoP), and the API's method is None: Auth0 binds the token to no key, without a word",
    gateway: () => ({ exchangeDpop: true }),
    ...both('returned-unbound-token'),
  },
  {
    name: 'auth0-dpop-clock',
    title: 'The gateway proves a key (DPoP), and its clock is two minutes ahead',
    seed: changeServer('backend', { senderConstraining: 'allowed' }),
    gateway: () => ({ exchangeDpop: true }),
    clockAheadMs: 120_000,
    explain: ['auth0-dpop-clock'],
    doctor: ['clock-ahead', 'auth0-dpop-clock'],
  },
  {
    name: 'auth0-dpop-by-address',
    title: 'The gateway proves a key (DPoP) for another address than Auth0 calls itself by',
    seed: changeServer('backend', { senderConstraining: 'allowed' }),
    gateway: (lab) => ({
      exchangeDpop: true,
      tokenUrl: lab.server('backend').tokenUrl.replace('localhost', '127.0.0.1'),
    }),
    ...both('auth0-dpop-url'),
  },
];
