import { buildAuthorizationServer, type RequestHandler } from './authorization-server.ts';
import type { ServerContext } from './org.ts';
import { readSigningKeys, readSigningKeysVersion, type SigningKeys } from './signing-keys.ts';

interface Serving extends Pick<ServerContext, 'org' | 'server' | 'issuer'> {
  readonly stateDir: string;
  readonly first: SigningKeys;
}

/** A server that takes over new keys as soon as they are in the state folder, whoever put them there. */
export async function serve({ org, server, issuer, stateDir, first }: Serving) {
  let keys = first;
  let version = await readSigningKeysVersion(stateDir, server.id);
  const context: ServerContext = { org, server, issuer, keys: () => keys };
  let answer = await buildAuthorizationServer(context);
  const refresh = async () => {
    const found = await readSigningKeysVersion(stateDir, server.id);
    if (found === version) return;
    keys = await readSigningKeys(stateDir, server.id);
    version = found;
    answer = await buildAuthorizationServer(context);
    org.log('signing keys rotated', { server: server.id, kid: keys.current.kid });
  };
  const handle: RequestHandler = (request, response) => {
    refresh()
      .catch((error: unknown) => {
        org.log('signing keys not read again', { server: server.id, reason: String(error) });
      })
      .finally(() => answer(request, response));
  };
  return { context, handle };
}
