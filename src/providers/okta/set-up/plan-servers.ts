import { activation, joinPlans, lifecycle, type OktaChange, type OktaPlan, serversPath } from './change.ts';
import type { FoundServer, OktaFound } from './found.ts';
import type { OktaWanted } from './wanted.ts';

/** Both authorization servers with their scopes, and the trust between them. */
export function planServers(wanted: OktaWanted, found: OktaFound): OktaPlan {
  return joinPlans(
    planServer('signIn', wanted.signIn, found.signIn),
    planServer('backend', wanted.backend, found.backend),
    planTrust(wanted, found),
  );
}

function planServer(
  key: 'signIn' | 'backend',
  { audience, scopes }: OktaWanted['signIn'],
  found: FoundServer | undefined,
): OktaPlan {
  const name = found?.server.name ?? audience;
  const missing = scopes.filter((scope) => found?.scopes.includes(scope) !== true);
  const isThere = found === undefined ? [] : [`Authorization server "${name}" with audience "${audience}"`];
  const there = scopes.filter((scope) => !missing.includes(scope)).map((scope) => `Scope "${scope}" of "${name}"`);
  return {
    found: [...isThere, ...there],
    changes: [
      ...(found === undefined ? [createServer(key, audience)] : []),
      ...(found !== undefined && found.server.status !== 'ACTIVE' ? [activateServer(found)] : []),
      ...missing.map((scope) => addScope(key, name, scope)),
    ],
  };
}

function createServer(key: 'signIn' | 'backend', audience: string): OktaChange {
  const description = { signIn: 'People sign in here for MCP servers', backend: 'Tokens for the API behind' }[key];
  return {
    action: 'create',
    sentence: `Create the authorization server "${audience}" with audience "${audience}"`,
    makes: key,
    request: () => ({
      method: 'POST',
      path: serversPath,
      body: { name: audience, description, audiences: [audience] },
    }),
    undo: (_, id) => ({
      sentence: `Delete the authorization server "${audience}" (${id()})`,
      requests: [
        lifecycle(`${serversPath}/${id()}`, 'deactivate'),
        { method: 'DELETE', path: `${serversPath}/${id()}` },
      ],
    }),
  };
}

function activateServer({ server }: FoundServer): OktaChange {
  const what = `the authorization server "${server.name}"`;
  return activation(what, () => `${serversPath}/${server.id}`, `${what} (${server.id})`);
}

function addScope(key: 'signIn' | 'backend', serverName: string, scope: string): OktaChange {
  return {
    action: 'create',
    sentence: `Add the scope "${scope}" to the authorization server "${serverName}"`,
    request: (ids) => ({
      method: 'POST',
      path: `${serversPath}/${ids(key)}/scopes`,
      body: { name: scope, consent: 'IMPLICIT', metadataPublish: key === 'signIn' ? 'ALL_CLIENTS' : 'NO_CLIENTS' },
    }),
    undo: (ids, id) => ({
      sentence: `Delete the scope "${scope}" of the authorization server "${serverName}"`,
      requests: [{ method: 'DELETE', path: `${serversPath}/${ids(key)}/scopes/${id()}` }],
    }),
  };
}

function planTrust(wanted: OktaWanted, { signIn, backend }: OktaFound): OktaPlan {
  const [trusting, trusted] = [
    backend?.server.name ?? wanted.backend.audience,
    signIn?.server.name ?? wanted.signIn.audience,
  ];
  if (signIn !== undefined && backend?.trusts.includes(signIn.server.id) === true) {
    return { found: [`"${trusting}" trusts "${trusted}"`], changes: [] };
  }
  return {
    found: [],
    changes: [
      {
        action: 'create',
        sentence: `Let the authorization server "${trusting}" trust "${trusted}"`,
        request: (ids) => ({
          method: 'POST',
          path: `${serversPath}/${ids('backend')}/associatedServers`,
          body: { trusted: [ids('signIn')] },
        }),
        undo: (ids) => ({
          sentence: `Take the trust in "${trusted}" from the authorization server "${trusting}"`,
          requests: [{ method: 'DELETE', path: `${serversPath}/${ids('backend')}/associatedServers/${ids('signIn')}` }],
        }),
      },
    ],
  };
}
