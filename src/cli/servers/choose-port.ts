import type { Machine } from '../../clients/machine.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { formatPath } from '../../config/path.ts';
import { findPortFor } from '../../servers/busy-port.ts';
import { lookAtServers } from '../../servers/look-at-server.ts';

/** The port of a new server of the background where nobody has said one: the usual one, or the next that is free and no other
 * server's, also none's that was stopped and may be started again. What was said is never changed, nor is the usual port where the
 * server's public URL was said, which would be another server's then.
 * @throws UsherError server_state_unusable
 */
export async function choosePort(
  loaded: LoadedConfig,
  machine: Machine,
): Promise<{ readonly loaded: LoadedConfig; readonly notes: readonly string[] }> {
  const { config, settings } = loaded;
  const { listen } = config;
  const isSaid = settings.some(({ path, source }) => formatPath(path) === 'listen.port' && source.kind !== 'default');
  const hasUrl = Object.values(config.servers).some(({ resourceUrl }) => resourceUrl !== undefined);
  if (isSaid || hasUrl) return { loaded, notes: [] };
  const views = await lookAtServers(machine);
  // Where twenty are taken, the refusal says so of the first.
  const port = await findPortFor(listen, views).catch(() => listen.port);
  if (port === listen.port) return { loaded, notes: [] };
  const owner = views.find(({ run }) => run?.port === listen.port);
  const whose = owner === undefined ? 'is in use' : `is that of the server ${owner.name}`;
  const notes = [`Port ${listen.port} ${whose}: it gets ${port}, and keeps it (--port says another)`];
  return { loaded: { ...loaded, config: { ...config, listen: { ...listen, port } } }, notes };
}
