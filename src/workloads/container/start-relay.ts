import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface Relay extends AsyncDisposable {
  readonly port: number;
  [Symbol.asyncDispose](): PromiseLike<void>;
}

/** Leads a port of the loopback address to another address: a container without a way out has no published port, and gets
 * another address with each start.
 * @param port 0 takes a free one
 */
export async function startRelay(port: number, to: { readonly host: string; readonly port: number }): Promise<Relay> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ ...to, allowHalfOpen: true, noDelay: true });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.pipe(other);
      one
        .once('error', () => other.destroy())
        .once('close', () => {
          open.delete(one);
          other.destroy();
        });
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
