import type { Fault } from '../fault.ts';
import { both } from './both.ts';
import { changeServer } from './change-seed.ts';

const gatewayApp = '3f6b2c1e-0d4a-4c8e-9b57-6a1d2e3f4a5b';

/** What tells an app's own token from a user's (learn.microsoft.com/entra/identity-platform/access-token-claims-reference). */
const appOnly = {
  idtyp: 'app',
  roles: ['Countries.Read.All'],
  scp: undefined,
  preferred_username: undefined,
  name: undefined,
};

/** What can be wrong with callers' tokens of Entra ID, and with what is expected of them. */
export const entraTokenFaults: readonly Fault[] = [
  {
    name: 'entra-token-version',
    title: "The gateway's manifest leaves requestedAccessTokenVersion out: callers' tokens are of version 1.0",
    seed: changeServer('mcpserver', { audience: `api://${gatewayApp}` }),
    gateway: () => ({ audience: gatewayApp }),
    callerToken: (lab) => lab.signInAnew(),
    ...both('issuer-token-version'),
  },
  {
    name: 'entra-issuer-of-version-one',
    title: 'The issuer is configured as that of version 1.0 tokens',
    gateway: (lab) => ({ issuer: lab.server('mcpserver').issuer.replace(/v2\.0$/, '') }),
    ...both('issuer-token-version'),
  },
  {
    name: 'entra-issuer-common',
    title: 'The issuer is configured as /common, whose metadata name no tenant',
    gateway: (lab) => ({ issuer: lab.server('mcpserver').issuer.replace(/[^/]+\/v2\.0$/, 'common/v2.0') }),
    ...both('issuer-tenant-name'),
  },
  {
    name: 'entra-issuer-by-domain',
    title: "The issuer is configured with the tenant's domain, and tokens have its id",
    gateway: (lab) => ({
      issuer: lab.server('mcpserver').issuer.replace(/[^/]+\/v2\.0$/, 'countries.onmicrosoft.com/v2.0'),
    }),
    ...both('issuer-tenant-name'),
  },
  {
    name: 'entra-audience-application-id',
    title: 'The audience of callers is configured as api://ID, and tokens of version 2.0 have the id alone',
    gateway: () => ({ audience: `api://${gatewayApp}` }),
    ...both('audience-application-id'),
  },
  {
    name: 'entra-token-of-graph',
    title: 'The client asked for User.Read, and got a token for Microsoft Graph',
    callerToken: (lab) =>
      lab.tokenWith({
        iss: lab.server('mcpserver').issuer.replace(/v2\.0$/, ''),
        aud: '00000003-0000-0000-c000-000000000000',
        scp: 'User.Read profile openid email',
        ver: '1.0',
      }),
    ...both('token-of-graph'),
  },
  {
    name: 'entra-app-only-token',
    title: 'The client sends a token of its own, got by client credentials: it has roles and stands for no user',
    gateway: () => ({ required: [] }),
    callerToken: (lab) => lab.tokenWith(appOnly),
    ...both('entra-obo-not-allowed'),
  },
  {
    name: 'entra-roles-instead-of-scopes',
    title: 'A scope is required, and the client sends a token of its own, which has roles instead',
    callerToken: (lab) => lab.tokenWith(appOnly),
    ...both('scope-missing'),
  },
  {
    name: 'entra-audience-of-client',
    title: "The audience of callers is configured as the client id of the users' client",
    gateway: (lab) => ({ audience: lab.clientId() }),
    ...both('audience-other-service'),
  },
  {
    name: 'entra-required-scope-in-full',
    title: 'The required scope is configured with the API in front, and tokens have its short name',
    gateway: () => ({ required: [`api://${gatewayApp}/mcp.tools.call`] }),
    ...both('scope-missing'),
  },
];
