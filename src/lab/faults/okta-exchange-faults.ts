import type { Fault } from '../fault.ts';
import { both } from './both.ts';

/** What can be wrong in the gateway's settings of the exchange, in Okta's words. */
export const oktaExchangeFaults: readonly Fault[] = [
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
];
