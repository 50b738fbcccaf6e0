import { once } from 'node:events';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Server } from 'node:http';

const channel = 'http.server.request.start';

/** The server of this process that listens on a port, found by a request to its page at `path`. */
export async function httpServerOf(port: number, path: string): Promise<Server> {
  let found: Server | undefined;
  const listen = (message: unknown): void => {
    const { server } = message as { server: Server };
    const address = server.address();
    if (typeof address === 'object' && address?.port === port) found = server;
  };
  subscribe(channel, listen);
  await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  unsubscribe(channel, listen);
  if (found === undefined) throw new Error(`nothing in this process listens on ${port}`);
  return found;
}

/** Ends what came in too slowly, as Node.js does each half minute: now, and whatever has lasted a millisecond is slow. */
export async function endSlowRequests(server: Server): Promise<void> {
  server.headersTimeout = 1;
  server.requestTimeout = 1;
  const symbol = Object.getOwnPropertySymbols(server).find((one) =>
    String(one.description).endsWith('connectionsCheckingInterval'),
  );
  const interval = symbol === undefined ? undefined : (Reflect.get(server, symbol) as { _onTimeout: () => void });
  if (interval === undefined) throw new Error('Node.js looks for slow requests in another way than it did');
  interval._onTimeout();
  await once(server, 'clientError');
}
