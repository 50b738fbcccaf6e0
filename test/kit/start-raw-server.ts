import { createServer, type AddressInfo, type Socket } from 'node:net';

/** A request as it came over a socket, and what number it is on its connection, from 1. */
export interface RawRequest {
  readonly head: string;
  readonly body: string;
  readonly number: number;
}

export interface RawServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Everything that came in, in order. */
  readonly seen: RawRequest[];
}

/** A server that answers with the very bytes a test writes; for what no HTTP library would send. Its sockets leave out
 * TCP_NODELAY.
 */
export async function startRawServer(respond: (socket: Socket, request: RawRequest) => void): Promise<RawServer> {
  const seen: RawRequest[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: false, allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    let text = '';
    let number = 0;
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {}); // resets are what some tests are about
    socket.on('end', () => socket.end());
    socket.on('data', (data: Buffer) => {
      text += data.toString('latin1');
      for (;;) {
        const end = text.indexOf('\r\n\r\n');
        const length = Number(/^content-length: *(\d+)/im.exec(text)?.[1] ?? 0);
        if (end < 0 || text.length < end + 4 + length) return;
        number += 1;
        const request = { head: text.slice(0, end), body: text.slice(end + 4, end + 4 + length), number };
        text = text.slice(end + 4 + length);
        seen.push(request);
        respond(socket, request);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    seen,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
