import type { ServerContext } from './org.ts';
import type { RunningIdp } from './running-idp.ts';
import type { Seed } from './seed/seed-schema.ts';

/** What a started provider tells about itself. */
export function describeRunning(
  seed: Seed,
  contexts: readonly ServerContext[],
  urls: Pick<RunningIdp, 'httpUrl' | 'httpsUrl' | 'caFile'>,
): Omit<RunningIdp, 'rotateKeys' | 'close' | typeof Symbol.asyncDispose> {
  return {
    ...urls,
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
    apps: seed.apps.map(({ clientId, clientSecret, label, redirectUris }) => ({
      clientId,
      clientSecret,
      label,
      redirectUris,
    })),
    users: seed.users.map(({ login, password, name }) => ({ login, password, name })),
  };
}
