import type { ServerContext } from './org.ts';
import type { RunningIdp } from './running-idp.ts';
import { isSeeded } from './state/seed-state.ts';
import type { OrgData } from './state/state-schema.ts';

/** What a started provider tells about its org. */
export function describeRunning(
  { apps, users }: OrgData,
  contexts: readonly ServerContext[],
): Pick<RunningIdp, 'servers' | 'apps' | 'users'> {
  return {
    servers: contexts.map(({ server, issuer }) => ({
      id: server.id,
      name: server.name,
      issuer,
      audience: server.audience,
      jwksUrl: `${issuer}/v1/keys`,
      tokenUrl: `${issuer}/v1/token`,
      authorizeUrl: `${issuer}/v1/authorize`,
      scopes: server.scopes.map((scope) => scope.name),
    })),
    apps: apps.map(({ clientId, clientSecret, label, redirectUris }) => ({
      clientId,
      clientSecret,
      label,
      redirectUris,
    })),
    users: users.filter(isSeeded).map(({ login, password, name }) => ({ login, password, name })),
  };
}
