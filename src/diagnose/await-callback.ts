import { createServer } from 'node:http';

/** Waits on this machine for the browser to come back from signing in (RFC 8252 §7.3).
 * @param redirectUri http, with a loopback address and a port
 * @throws Error when the port is taken, or nobody comes in time
 */
export async function listenForCallback(redirectUri: string): Promise<AsyncDisposable & { came: Promise<URL> }> {
  const expected = new URL(redirectUri);
  const came = Promise.withResolvers<URL>();
  // Nobody may be waiting yet when it fails.
  came.promise.catch(() => undefined);
  const server = createServer((request, response) => {
    const url = URL.parse(request.url ?? '', expected.origin);
    const isIt = url?.pathname === expected.pathname && (url.searchParams.has('code') || url.searchParams.has('error'));
    response.writeHead(isIt ? 200 : 404, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
    response.end(
      isIt ? 'Usher has what it needs: go back to the terminal, and close this page.\n' : 'Nothing is here.\n',
    );
    if (isIt && url !== null) came.resolve(url);
  });
  const listening = Promise.withResolvers<undefined>();
  server.once('error', (error) => listening.reject(error));
  server.listen(Number(expected.port), expected.hostname.replace(/^\[(.*)\]$/, '$1'), () =>
    listening.resolve(undefined),
  );
  await listening.promise;
  return {
    came: came.promise,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
