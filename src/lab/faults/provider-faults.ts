import type { Seed } from '../../idp/seed/seed-schema.ts';
import { both } from './both.ts';
import type { SharedFault } from './shared-fault.ts';

/** What can be wrong in where the provider is asked. */
export const endpointFaults: readonly SharedFault[] = [
  {
    name: 'wrong-token-endpoint',
    title: 'The token endpoint is misspelt',
    gateway: (lab) => ({ tokenUrl: `${lab.server('backend').tokenUrl}s` }),
    ...both('token-endpoint-wrong', 'okta-server-not-found'),
  },
  {
    name: 'http-for-https',
    title: 'The token endpoint is configured with http, and is on https',
    gateway: (lab) => ({ tokenUrl: lab.server('backend').tokenUrl.replace('https:', 'http:') }),
    ...both('provider-scheme'),
  },
  {
    name: 'ca-file-missing',
    title: "The provider's certificate is signed by an authority that is not trusted here",
    gateway: () => ({ caFile: undefined }),
    ...both('provider-certificate'),
    // The callers' tokens are of the same host, and looked at first.
    otherwise: {
      keycloak: both('issuer-certificate'),
      auth0: both('issuer-certificate'),
      entra: both('issuer-certificate'),
    },
  },
];

/** What can be wrong with the provider itself, and on the way to it. */
export const providerFaults: readonly SharedFault[] = [
  {
    name: 'provider-down',
    title: 'Nobody listens at the token endpoint',
    gateway: () => ({ tokenUrl: 'http://127.0.0.1:1/oauth2/backend/v1/token' }),
    ...both('provider-down'),
  },
  {
    name: 'provider-slow',
    title: 'The token endpoint does not answer',
    gateway: (lab) => ({ tokenUrl: `${lab.standIn.url}/slow`, exchangeTimeoutSeconds: 0.4 }),
    ...both('provider-slow'),
  },
  {
    name: 'provider-fails',
    title: 'The token endpoint answers 503',
    gateway: (lab) => ({ tokenUrl: `${lab.standIn.url}/503` }),
    ...both('provider-error'),
  },
  {
    name: 'provider-throttles',
    title: 'The token endpoint answers 429',
    gateway: (lab) => ({ tokenUrl: `${lab.standIn.url}/429` }),
    ...both('provider-throttles', 'generic-rate-limit'),
    otherwise: { auth0: both('auth0-rate-limit') },
  },
  {
    name: 'provider-answers-html',
    title: 'The token endpoint answers with a web page',
    gateway: (lab) => ({ tokenUrl: `${lab.standIn.url}/html` }),
    ...both('no-token-answered'),
  },
  {
    name: 'provider-redirects',
    title: 'The token endpoint answers with a redirect',
    gateway: (lab) => ({ tokenUrl: `${lab.standIn.url}/redirect` }),
    ...both('no-token-answered'),
  },
  {
    name: 'returned-audience',
    title: 'The provider answers 200 with a token for somebody else',
    gateway: (lab) => ({ tokenUrl: `${lab.standIn.url}/other-audience` }),
    ...both('returned-audience'),
  },
  {
    name: 'returned-scope',
    title: 'The provider answers 200 with a token that lacks the scope',
    gateway: (lab) => ({ tokenUrl: `${lab.standIn.url}/less-scope`, exchangeAudience: 'backend' }),
    ...both('returned-scope'),
  },
  {
    name: 'returned-bound-token',
    title: 'The provider answers with a token that is bound to a key',
    gateway: (lab) => ({ tokenUrl: `${lab.standIn.url}/dpop`, exchangeAudience: 'backend' }),
    ...both('returned-bound-token'),
  },
];

/** What can be wrong with the client that people sign in with. */
export const clientFaults: readonly SharedFault[] = [
  {
    name: 'client-not-registered',
    title: "The user's client has an id that the provider does not know",
    clientId: 'somebody',
    explain: { nothing: 'the call of somebody who has signed in before goes through' },
    doctor: ['redirect-uri-missing'],
  },
  {
    name: 'redirect-uri-missing',
    title: "The redirect URIs of the user's client are not registered",
    seed: moveRedirectUris,
    explain: { nothing: 'the call of somebody who has signed in before goes through' },
    doctor: ['redirect-uri-missing'],
  },
];

function moveRedirectUris(seed: Seed): Seed {
  const redirectUris = ['http://127.0.0.1:33418/other'];
  return { ...seed, apps: seed.apps.map((app) => (app.type === 'web' ? { ...app, redirectUris } : app)) };
}
