import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { describe } from '../lib/describe-error.ts';
import { fail } from '../model/usher-error.ts';

/** A server that listens. */
export interface RunningListener {
  readonly port: number;
  /** Ends it and all its connections at once. */
  close(): Promise<void>;
}

/** Makes a server listen.
 * @throws UsherError `port_busy`, `listen_failed`
 */
export async function startListener(server: Server, host: string, port: number): Promise<RunningListener> {
  // The server's own list has no connection before its TLS handshake.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return await new Promise((resolve, reject) => {
    server.on('error', (error: NodeJS.ErrnoException) => {
      const address = `${host}:${port}`;
      reject(
        error.code === 'EADDRINUSE'
          ? fail(
              'port_busy',
              {
                address,
                reason: describe(error),
                advice: 'Choose another --http-port or --https-port, or end what listens there',
              },
              { cause: error },
            )
          : fail('listen_failed', { address, reason: describe(error) }, { cause: error }),
      );
    });
    server.listen(port, host, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') return reject(new Error('not a TCP server'));
      resolve({ port: address.port, close: async () => await close(server, sockets) });
    });
  });
}

async function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}
