import type { Fault } from '../fault.ts';
import { both } from './both.ts';
import { changeApp, changeExchangeRule } from './change-seed.ts';
import { tokenExchangeGrant } from '../../model/urns.ts';

const gatewayApp = '3f6b2c1e-0d4a-4c8e-9b57-6a1d2e3f4a5b';

/** What is particular to Entra ID: it acts on behalf of users by a grant of its own, and answers by number. */
export const entraFaults: readonly Fault[] = [
  {
    name: 'entra-obo-not-allowed',
    title: "The gateway's app may not act on behalf of others",
    seed: changeApp(gatewayApp, { grantTypes: ['client_credentials'] }),
    ...both('entra-obo-not-allowed'),
  },
  {
    name: 'entra-wrong-secret',
    title: "The client secret is another, often the secret's id instead of its value",
    gateway: () => ({ clientSecret: 'not-the-secret' }),
    ...both('entra-secret-wrong'),
  },
  {
    name: 'entra-wrong-client-id',
    title: 'The client id of the gateway is another',
    gateway: () => ({ clientId: '00000000-0000-4000-8000-000000000000' }),
    ...both('entra-client-unknown'),
  },
  {
    name: 'entra-consent-missing',
    title: "Nobody consented to the gateway's app calling the API",
    seed: changeExchangeRule({ active: false }),
    ...both('entra-consent-missing'),
  },
  {
    name: 'entra-user-not-assigned',
    title: 'The API is for assigned users only, and this one is not',
    seed: changeExchangeRule({ people: { users: [], groups: ['Sales'] } }),
    ...both('entra-user-not-assigned'),
  },
  {
    name: 'entra-scope-invalid',
    title: 'The exchange asks for a scope the API does not expose',
    gateway: (lab) => ({ exchangeScopes: [lab.fullScope('backend', 'Countries.Write')] }),
    ...both('entra-scope-invalid'),
  },
  {
    name: 'entra-resource-unknown',
    title: 'The scope asked for is of an API that the tenant does not have',
    gateway: () => ({ exchangeScopes: ['api://nowhere/Countries.Read'] }),
    ...both('entra-resource-unknown'),
  },
  {
    name: 'entra-tenant-not-named',
    title: 'The token endpoint is that of /common',
    gateway: (lab) => ({
      tokenUrl: lab.server('backend').tokenUrl.replace(/[^/]+\/oauth2\/v2\.0/, 'common/oauth2/v2.0'),
    }),
    ...both('entra-tenant-not-named'),
  },
  {
    name: 'entra-wrong-audience',
    title: 'The new token is for another API than the gateway was told',
    gateway: () => ({ exchangeAudience: 'somebody-else' }),
    ...both('returned-audience'),
  },
  {
    name: 'entra-other-app',
    title: "The callers' token is for another app than the gateway's",
    gateway: (lab) => ({ clientId: lab.clientId(), clientSecret: 'vscode-development-secret' }),
    seed: (seed) => ({
      ...seed,
      apps: seed.apps.map((app) =>
        app.type === 'web' ? { ...app, grantTypes: [...app.grantTypes, tokenExchangeGrant] } : app,
      ),
    }),
    ...both('entra-assertion-audience'),
  },
];
