import { createServer, request as sendRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TokenShim extends AsyncDisposable {
  readonly url: string;
  /** From now on everything goes to this origin, with this token. */
  aim(origin: string, callerToken: string): void;
}

/** For clients that know nothing of tokens: hands everything on as it came, both ways, and adds the bearer token. Host and
 * Origin stay the client's, so that it is the gateway who judges them; when either side goes, so does the other.
 */
export async function startTokenShim(): Promise<TokenShim> {
  let target = { origin: '', callerToken: '' };
  const server = createServer((request, response) => {
    const { method, url } = request;
    const headers = [...endToEnd(request), 'authorization', `Bearer ${target.callerToken}`];
    const upstream = sendRequest(`${target.origin}${url}`, { method, headers, setHost: false, agent: false });
    upstream.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, endToEnd(answer));
      response.flushHeaders();
      answer.on('error', () => response.destroy());
      answer.pipe(response);
    });
    upstream.on('error', () => response.destroy());
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    aim(origin, callerToken) {
      target = { origin, callerToken };
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The headers (name, value, …) but for those about one connection. */
function endToEnd({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter((_, index) => !/^(connection|keep-alive)$/i.test(rawHeaders[index - (index % 2)] ?? ''));
}
