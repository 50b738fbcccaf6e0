import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { findErrorCode, describe } from '../../lib/describe-error.ts';
import { callbackPage, type PageText, pageHeaders } from './callback-page.ts';
import { LoginTrouble } from './login-trouble.ts';

/** A browser that came back, and still waits for its page. */
export interface Came {
  readonly url: URL;
  /** Shows how it ended. */
  show(page: PageText): void;
}

/** Waits on this machine for the browser to come back from signing in (RFC 8252 §7.3). */
export interface CallbackListener extends AsyncDisposable {
  /** To the letter, as it goes to the provider. */
  readonly redirectUri: string;
  /** The first that brings this state. Others (another page of the browser, another program) are shown out: they neither
   * end the sign-in nor disturb it.
   */
  readonly came: Promise<Came>;
}

/** Where to wait. */
export interface CallbackPlace {
  readonly port: number;
  /** To the letter, where the client has it registered so. */
  readonly redirectUri: string | undefined;
}

const stranger: PageText = {
  title: 'This is not the sign-in that is waited for',
  text: 'It was started elsewhere, or has ended. If you want to sign in, use the address in the terminal.',
  isGood: false,
};

/** @throws LoginTrouble when the port is taken */
export async function listenForCallback(place: CallbackPlace, state: string): Promise<CallbackListener> {
  const given = place.redirectUri === undefined ? undefined : new URL(place.redirectUri);
  const hostname = given?.hostname ?? (place.port === 0 ? '127.0.0.1' : 'localhost');
  const wanted = given === undefined ? place.port : Number(given.port || 80);
  const path = given?.pathname ?? '/callback';
  const came = Promise.withResolvers<Came>();
  let isOver = false;
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    const url = URL.parse(request.url ?? '', `http://${hostname}`);
    const isHere = isOwnHost(request.headers.host) && url?.pathname === path && request.method === 'GET';
    if (!isHere || url === null) return show(response, 404, { ...stranger, title: 'Nothing is here' });
    if (isOver || !isSame(url.searchParams.get('state') ?? '', state)) return show(response, 400, stranger);
    isOver = true;
    came.resolve({ url, show: (page) => show(response, page.isGood ? 200 : 400, page) });
  };
  await using started = new AsyncDisposableStack();
  // A browser takes either for localhost: nobody else may wait at the other one.
  const hosts = hostname === 'localhost' ? ['127.0.0.1', '::1'] : [hostname.replace(/^\[(.*)\]$/, '$1')];
  let port = wanted;
  for (const [index, host] of hosts.entries()) {
    const server = await listen(take, { host, port, isOptional: index > 0 });
    if (server === undefined) continue;
    started.defer(() => close(server));
    const address = server.address();
    if (typeof address === 'object' && address !== null) ({ port } = address);
  }
  const resources = started.move();
  return {
    redirectUri: place.redirectUri ?? `http://${hostname}:${port}${path}`,
    came: came.promise,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Host names that lead here whoever says so: a page that made its own name lead here (DNS rebinding) has another. */
function isOwnHost(host: string | undefined): boolean {
  return /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i.test(host ?? '');
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function show(response: ServerResponse, status: number, page: PageText): void {
  response.writeHead(status, pageHeaders).end(callbackPage(page));
}

async function listen(
  take: (request: IncomingMessage, response: ServerResponse) => void,
  { host, port, isOptional }: { host: string; port: number; isOptional: boolean },
): Promise<Server | undefined> {
  const server = createServer({ requestTimeout: 10_000 }, take);
  const listening = Promise.withResolvers<undefined>();
  server.once('error', (error) => listening.reject(error));
  server.listen(port, host, () => listening.resolve(undefined));
  try {
    await listening.promise;
    return server;
  } catch (cause) {
    // A machine without IPv6.
    if (isOptional && findErrorCode(cause) !== 'EADDRINUSE') return undefined;
    throw new LoginTrouble(
      `the browser cannot come back to port ${port} of ${host}: ${describe(cause)}`,
      'Stop what uses it (another Usher that waits for somebody to sign in?), or choose another one that is registered: --remote-auth-callback-port',
      { cause },
    );
  }
}

/** The page that was shown last may still be on its way. */
async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), 500);
  await closed;
  clearTimeout(timer);
}
