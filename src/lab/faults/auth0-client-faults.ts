import type { Seed, SeedApp } from '../../idp/seed/seed-schema.ts';
import type { Fault } from '../fault.ts';
import { both } from './both.ts';
import { changeApp, changeServer } from './change-seed.ts';

/** Where the sign-in of a test comes back to: third-party applications have exact URLs. */
const callback = 'http://127.0.0.1:33333/callback';
const thirdParty: Partial<SeedApp> = { thirdParty: true, redirectUris: [callback] };

/** What can be wrong with applications that registered themselves at Auth0, or belong to somebody else. */
export const auth0ClientFaults: readonly Fault[] = [
  {
    name: 'auth0-gateway-third-party',
    title: "The gateway's application registered itself: third-party applications cannot exchange tokens",
    seed: changeApp('gateway', { thirdParty: true }),
    ...both('auth0-grant-not-allowed'),
  },
  {
    name: 'auth0-default-permissions-short',
    title: "The client registered itself, and the API's default permissions leave the scope of calls out",
    seed: (seed) => {
      const names = ['mcp:tools:call', 'mcp:tools:list'];
      const scopes = names.map((name) => ({ name, description: '', published: false, default: false }));
      const change = changeServer('mcpserver', { scopes, thirdPartyScopes: ['mcp:tools:list'] });
      return change(changeApp('demo', thirdParty)({ ...seed, domainConnection: true }));
    },
    callerToken: (lab) => lab.signInAnew({ isOauthOnly: true }),
    ...both('scope-missing'),
  },
  {
    name: 'auth0-third-party-client',
    title:
      'People use a third-party application: its errors end on a page, so that nothing is seen of its redirect URIs',
    seed: (seed) =>
      renameApp('vscode', 'tpc_vscode')(changeApp('vscode', thirdParty)({ ...seed, domainConnection: true })),
    clientId: 'tpc_vscode',
    explain: { nothing: 'nothing is wrong' },
    doctor: { nothing: 'it cannot be seen, and is not said to be wrong' },
  },
];

function renameApp(from: string, to: string): (seed: Seed) => Seed {
  const rename = (id: string) => (id === from ? to : id);
  return (seed) => ({
    ...seed,
    apps: seed.apps.map((app) => ({ ...app, clientId: rename(app.clientId) })),
    servers: seed.servers.map((server) => ({
      ...server,
      policies: server.policies.map(({ clients, ...policy }) => ({
        ...policy,
        clients: clients === 'ALL_CLIENTS' ? clients : clients.map(rename),
      })),
    })),
  });
}
