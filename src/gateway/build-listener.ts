import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { TLSSocket } from 'node:tls';
import type { Config } from '../config/schema.ts';
import { describe } from '../lib/describe-error.ts';
import type { TlsPair } from '../lib/read-tls-pair.ts';
import type { Log } from '../model/log.ts';
import { fail } from '../model/usher-error.ts';

/** What takes the connections, over TLS or not: above, nobody knows the difference. */
export type Listener = Server | TlsServer;

export const maxHeaderBytes = 32 * 1024;

const limits = {
  maxHeaderSize: maxHeaderBytes,
  headersTimeout: 15_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
  // The request path refuses it, so that it is on record.
  requireHostHeader: false,
  keepAliveTimeout: 30_000,
};

/** What a listener's TLS is made of. Said aloud, since Node.js otherwise takes the oldest version from its own options. */
export function tlsOptions({ cert, key }: TlsPair): { cert: string; key: string; minVersion: 'TLSv1.2' } {
  return { cert, key, minVersion: 'TLSv1.2' };
}

/** Makes the listener, HTTP/1.1 over TLS where there is a certificate. */
export function buildListener(pair: TlsPair | undefined, log: Log): Listener {
  if (pair === undefined) return createServer(limits);
  const server = createTlsServer({
    ...limits,
    ...tlsOptions(pair),
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: limits.headersTimeout,
  });
  // Node.js would hand them on as requests that cannot be read, and what was answered then would go nowhere.
  server.removeAllListeners('tlsClientError');
  server.on('tlsClientError', (problem, socket) => {
    const from = socket instanceof TLSSocket ? socket.remoteAddress : undefined;
    log.debug('A connection ended before TLS was agreed on', { from, reason: describe(problem) });
    socket.destroy();
  });
  return server;
}

/** Listens, and returns the port that was taken.
 * @throws UsherError port_busy, listen_failed
 */
export function listen(server: Listener, { host, port }: Config['listen']): Promise<number> {
  const address = `${host}:${port}`;
  return new Promise((resolve, reject) => {
    // Stays: later, a connection that cannot be accepted does not end the others.
    server.on('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'EADDRINUSE'
          ? fail(
              'port_busy',
              { address, reason: describe(cause), advice: 'Choose another --port, or end what listens there' },
              { cause },
            )
          : fail('listen_failed', { address, reason: describe(cause) }, { cause }),
      );
    });
    server.listen({ host: host.replace(/^\[(.*)\]$/, '$1'), port }, () => {
      const bound = server.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port);
    });
  });
}
