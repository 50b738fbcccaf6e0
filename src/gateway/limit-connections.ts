import type { Config } from '../config/schema.ts';
import { descriptorLimit } from '../lib/descriptor-limit.ts';
import type { Log } from '../model/log.ts';
import type { Listener } from './build-listener.ts';

/** Open files that are not callers' connections: those Node.js itself has, identity providers', audit trail, certificates. */
const ownDescriptors = 80;
const fewestConnections = 8;
const sameFloodMs = 60_000;

/** Most connections a listener may have so that descriptors are left for everything else: each call can need a second one,
 * to the server behind. Undefined where files are not limited.
 */
export function mostConnections({ maxConnections }: Config['listen'], limit: number | undefined): number | undefined {
  if (maxConnections !== undefined || limit === undefined) return maxConnections;
  return Math.max(fewestConnections, Math.floor((limit - ownDescriptors) / 2));
}

/** Says when connections are closed because there are too many: at once, then at most each minute, with their number. */
export function tellDropped(server: Listener, log: Log): void {
  let [dropped, toldAtMs] = [0, Number.NEGATIVE_INFINITY];
  server.on('drop', () => {
    dropped += 1;
    if (performance.now() - toldAtMs < sameFloodMs) return;
    log.warn('Connections are closed at once: there are too many', {
      most: server.maxConnections,
      closed: dropped,
      hint: 'Raise the limit of open files (ulimit -n), of which half is for callers, or --max-connections; or find out who opens them.',
    });
    [dropped, toldAtMs] = [0, performance.now()];
  });
}

let knownLimit: { readonly files: number | undefined } | undefined;

/** Asked once, before there are connections: the answer describes each of them, and takes its time for it. */
function openFiles(): number | undefined {
  knownLimit ??= { files: descriptorLimit() };
  return knownLimit.files;
}

/** Sets the limit; undefined lifts it. */
export function limitConnections(server: Listener, listen: Config['listen']): void {
  const most = mostConnections(listen, openFiles());
  // Node.js takes 0 for "none at all"; absent, it takes all.
  if (most === undefined) Reflect.deleteProperty(server, 'maxConnections');
  else server.maxConnections = most;
}
