import { buildAuthorizationServer, type RequestHandler } from './authorization-server.ts';
import type { ServerContext } from './org.ts';
import type { Served } from './served.ts';
import { readSigningKeys, readSigningKeysVersion, type SigningKeys } from './signing-keys.ts';

interface Serving extends Pick<ServerContext, 'org' | 'server' | 'issuer'> {
  readonly stateDir: string;
  readonly first: SigningKeys;
}

/** A server that takes over new keys as soon as they are in the state folder, whoever put them there, and whatever is
 * changed in the org.
 */
export async function serve({ org, server, issuer, stateDir, first }: Serving): Promise<Served> {
  let keys = first;
  let version = await readSigningKeysVersion(stateDir, server.id);
  let orgVersion = org.state.version;
  const context: ServerContext = {
    org,
    get server() {
      return org.state.current.servers.find(({ id }) => id === server.id) ?? server;
    },
    issuer,
    keys: () => keys,
  };
  let answer = await buildAuthorizationServer(context);
  const refresh = async () => {
    const found = await readSigningKeysVersion(stateDir, server.id);
    const changed = org.state.version;
    if (found === version && changed === orgVersion) return;
    const isRotated = found !== version;
    if (isRotated) keys = await readSigningKeys(stateDir, server.id);
    answer = await buildAuthorizationServer(context);
    version = found;
    orgVersion = changed;
    if (isRotated) org.log('signing keys rotated', { server: server.id, kid: keys.current.kid });
  };
  const handle: RequestHandler = (request, response) => {
    refresh()
      .catch((error: unknown) => {
        org.log('keys and settings not taken over', { server: server.id, reason: String(error) });
      })
      .finally(() => answer(request, response));
  };
  return { context, handle, refresh };
}
