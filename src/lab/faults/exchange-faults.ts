import type { Fault } from '../fault.ts';

const both = (...causes: [string, ...string[]]) => ({ explain: causes, doctor: causes }) as const;

/** What can be wrong in the gateway's settings of the exchange. */
export const exchangeFaults: readonly Fault[] = [
  {
    name: 'wrong-secret',
    title: 'The client secret of the gateway is another',
    gateway: () => ({ clientSecret: 'not-the-secret' }),
    ...both('okta-secret-wrong'),
  },
  {
    name: 'wrong-client-id',
    title: 'The client id of the gateway is another',
    gateway: () => ({ clientId: 'nobody' }),
    ...both('okta-client-unknown'),
  },
  {
    name: 'wrong-audience',
    title: 'The exchange asks for an audience that is not there',
    gateway: () => ({ exchangeAudience: 'somewhere' }),
    ...both('okta-audience'),
  },
  {
    name: 'scope-unknown',
    title: 'The exchange asks for a scope that is not there',
    gateway: () => ({ exchangeScopes: ['backend-api:reed'] }),
    ...both('okta-scope-unknown'),
  },
  {
    name: 'exchange-without-scope',
    title: 'The exchange asks for no scope, and there is no default',
    gateway: () => ({ exchangeScopes: [] }),
    ...both('okta-scope-none'),
  },
  {
    name: 'openid-scope',
    title: 'The exchange asks for a scope of OpenID Connect',
    gateway: () => ({ exchangeScopes: ['openid'] }),
    ...both('okta-scope-openid'),
  },
  {
    name: 'wrong-token-endpoint',
    title: 'The token endpoint is misspelt',
    gateway: (lab) => ({ tokenUrl: `${lab.server('backend').tokenUrl}s` }),
    ...both('token-endpoint-wrong', 'okta-server-not-found'),
  },
  {
    name: 'token-endpoint-of-no-server',
    title: 'The token endpoint is of an authorization server that is not there',
    gateway: (lab) => ({ tokenUrl: lab.server('backend').tokenUrl.replace('/backend/', '/back-end/') }),
    ...both('token-endpoint-wrong', 'okta-server-not-found'),
  },
  {
    name: 'token-endpoint-of-wrong-server',
    title: 'The token endpoint is of the authorization server users sign in at',
    gateway: (lab) => ({ tokenUrl: lab.server('mcpserver').tokenUrl }),
    ...both('okta-audience'),
  },
  {
    name: 'http-for-https',
    title: 'The token endpoint is configured with http, and is on https',
    gateway: (lab) => ({ tokenUrl: lab.server('backend').tokenUrl.replace('https:', 'http:') }),
    ...both('provider-scheme'),
  },
  {
    name: 'https-for-http',
    title: 'The issuer is configured with https, and is on http',
    gateway: (lab) => ({ issuer: lab.server('mcpserver').issuer.replace('http:', 'https:') }),
    explain: ['issuer-scheme'],
    doctor: ['issuer-plain-http', 'issuer-scheme'],
  },
  {
    name: 'ca-file-missing',
    title: "The provider's certificate is signed by an authority that is not trusted here",
    gateway: () => ({ caFile: undefined }),
    ...both('provider-certificate'),
  },
];

/** What can be wrong with the provider itself, and on the way to it. */
export const providerFaults: readonly Fault[] = [
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
    gateway: (lab) => ({ tokenUrl: `${lab.standIn.url}/less-scope` }),
    ...both('returned-scope'),
  },
  {
    name: 'returned-bound-token',
    title: 'The provider answers with a token that is bound to a key',
    gateway: (lab) => ({ tokenUrl: `${lab.standIn.url}/dpop` }),
    ...both('returned-bound-token'),
  },
];
