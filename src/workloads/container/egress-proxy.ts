import { randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as sendRequest,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe } from '../../lib/describe-error.ts';
import { plain } from '../../lib/plain.ts';
import { unmapped } from './outside-address.ts';
import type { Log } from '../../model/log.ts';
import { type EgressRules, thisMachine } from './egress-rules.ts';

const connectMs = 10_000;
const headersMs = 15_000;
const mostConnections = 512;
/** So many refused hosts are told apart; a server that makes names up must not fill memory or log. */
const mostNoted = 200;
/** RFC 9110 §7.6.1, and what is between a client and its proxy. */
const hopByHop = new Set(
  'connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade'.split(
    ' ',
  ),
);

export interface EgressProxyOptions {
  readonly server: string;
  readonly rules: EgressRules;
  readonly log: Log;
  /** The address of this machine in the container's network. */
  readonly host: string;
  /** Injected by tests, whose names nobody else knows. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
}

/** The only way out of a network that has none: an HTTP proxy (RFC 9110 §7.3.2, §9.3.6) that connects to hosts on a list. It looks
 * names up itself, connects to what it looked up, and looks into nothing that goes through it.
 */
export class EgressProxy implements AsyncDisposable {
  readonly #options: EgressProxyOptions;
  readonly #tokens = new Set<string>();
  readonly #open = new Set<Duplex>();
  readonly #noted = new Set<string>();
  readonly #server: Server;
  #port = 0;

  constructor(options: EgressProxyOptions) {
    this.#options = options;
    this.#server = createServer({ headersTimeout: headersMs, requestTimeout: 0 });
    this.#server.maxConnections = mostConnections;
    this.#server
      .on('request', (request, response) => void this.#forward(request, response).catch(() => response.destroy()))
      .on('connect', (request, socket, head) => void this.#tunnel(request, socket, head).catch(() => socket.destroy()))
      .on('connection', (socket) => this.#keep(socket))
      .on('clientError', (_, socket) => socket.destroy());
  }

  /** @throws Error with the code of the system: EADDRNOTAVAIL where this machine is not at that address */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, this.#options.host);
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
  }

  /** For where {@link listen} has to wait: the port it is going to be. */
  choosePort(): void {
    this.#port = randomInt(49_152, 65_536);
  }

  get isListening(): boolean {
    return this.#server.listening;
  }

  /** The environment of one more container that may use it; and what takes that back. */
  admit(): { readonly env: Readonly<Record<string, string>>; readonly dismiss: () => void } {
    const token = randomBytes(24).toString('base64url');
    this.#tokens.add(token);
    const { host } = this.#options;
    const url = `http://usher:${token}@${host}:${this.#port}`;
    const direct = 'localhost,127.0.0.1,::1';
    return {
      env: {
        HTTP_PROXY: url,
        HTTPS_PROXY: url,
        http_proxy: url,
        https_proxy: url,
        NO_PROXY: direct,
        no_proxy: direct,
        // Node.js from 22.21 and 24.5 on asks for it (nodejs.org/api/http, built-in proxy support).
        NODE_USE_ENV_PROXY: '1',
      },
      dismiss: () => void this.#tokens.delete(token),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #tunnel(request: IncomingMessage, near: Duplex, head: Buffer): Promise<void> {
    near.on('error', () => near.destroy());
    const target = parseAuthority(request.url ?? '');
    const refusal = this.#findRefusal(request) ?? (target === undefined ? badRequest : undefined);
    if (refusal !== undefined || target === undefined) return endRaw(near, refusal ?? badRequest);
    const far = await this.#reach(target).catch((error: unknown) => this.#answerOf(error, target));
    if ('status' in far) return endRaw(near, far);
    if (near.destroyed) return void far.destroy();
    near.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (head.length > 0) far.write(head);
    join(near, far);
  }

  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = parseUrl(request.url ?? '');
    const refusal = this.#findRefusal(request) ?? (url === undefined ? badRequest : undefined);
    if (refusal !== undefined || url === undefined) return end(response, refusal ?? badRequest);
    const target = { host: url.host, port: url.port };
    const far = await this.#reach(target).catch((error: unknown) => this.#answerOf(error, target));
    if ('status' in far) return end(response, far);
    if (response.destroyed) return void far.destroy();
    const sent = sendRequest({
      createConnection: () => far,
      method: request.method,
      path: url.path,
      // RFC 9112 §3.2.2: whatever the client's own says.
      headers: { ...endToEnd(request.headers), host: url.authority, connection: 'close' },
    });
    sent.once('response', (answer) => {
      answer.once('error', () => response.destroy());
      try {
        // Without the reason of its status line, in which anything may stand.
        response.writeHead(answer.statusCode ?? 502, { ...endToEnd(answer.headers), connection: 'close' });
        answer.pipe(response);
      } catch (error) {
        sent.destroy();
        end(response, this.#answerOf(error, target));
      }
    });
    // Nobody asked for another protocol: the header for that stayed behind.
    sent.once('upgrade', (_answer, socket) => {
      socket.destroy();
      end(response, this.#answerOf(new Error('it changed the protocol'), target));
    });
    sent.once('error', (error) => {
      if (response.writableEnded) return;
      if (response.headersSent) response.destroy();
      else end(response, this.#answerOf(error, target));
    });
    response.once('close', () => sent.destroy());
    request.pipe(sent);
  }

  /** @throws Refused; Error where it cannot be reached */
  async #reach(target: Target): Promise<Socket> {
    const addresses = await this.#findAddresses(target);
    const far = connect({
      host: target.host,
      port: target.port,
      lookup: answering(addresses),
      noDelay: true,
      allowHalfOpen: true,
    });
    this.#keep(far);
    const late = setTimeout(() => far.destroy(new Error(`no connection within ${connectMs / 1000} s`)), connectMs);
    try {
      await once(far, 'connect');
    } finally {
      clearTimeout(late);
    }
    far.on('error', () => far.destroy());
    return far;
  }

  /** Where it is, as far as that may be called. What was looked at is what is connected to: a name may mean another address the next time.
   * @throws Refused
   */
  async #findAddresses({ host, port }: Target): Promise<readonly string[]> {
    const { rules, resolve = lookUp } = this.#options;
    if (!rules.allows(host, port)) throw new Refused('it is not among the hosts it may call');
    if (host === thisMachine) return ['127.0.0.1'];
    const all = isIP(host) === 0 ? await resolve(host) : [host];
    const allowed = all.filter((address) => rules.allowsAddress(address, port));
    if (allowed.length > 0) return allowed;
    throw new Refused(`it is at ${all.join(', ')}, which is not of the Internet, and not named as an address`);
  }

  #findRefusal({ headers }: IncomingMessage): Answer | undefined {
    const [scheme = '', given = ''] = (headers['proxy-authorization'] ?? '').split(' ', 2);
    const [, token = ''] = /^[^:]*:(.*)$/.exec(Buffer.from(given, 'base64').toString('utf8')) ?? [];
    if (scheme.toLowerCase() === 'basic' && this.#isAdmitted(token)) return undefined;
    return { status: 407, reason: 'Proxy Authentication Required', text: 'This proxy is for one container.' };
  }

  #isAdmitted(token: string): boolean {
    const given = Buffer.from(token);
    return [...this.#tokens].some((one) => one.length === given.length && timingSafeEqual(Buffer.from(one), given));
  }

  #answerOf(error: unknown, { host, port }: Target): Answer {
    const wanted = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
    if (!(error instanceof Refused)) {
      this.#options.log.debug('A host that a container may call cannot be reached', {
        server: this.#options.server,
        wanted: plain(wanted),
        reason: describe(error),
      });
      return { status: 502, reason: 'Bad Gateway', text: `${wanted} cannot be reached.` };
    }
    this.#note(wanted, error.message);
    return { status: 403, reason: 'Forbidden', text: `This container may not call ${wanted}.` };
  }

  /** Each host once as a warning; a server that tries again and again is told of in full at the level for that. */
  #note(wanted: string, reason: string): void {
    const { log, server, rules } = this.#options;
    const isNew = !this.#noted.has(wanted) && this.#noted.size < mostNoted;
    this.#noted.add(wanted);
    if (this.#noted.size > mostNoted) this.#noted.delete(wanted);
    log[isNew ? 'warn' : 'debug']('A container was refused a connection', {
      server,
      wanted: plain(wanted).slice(0, 300),
      reason,
      mayCall: rules.text,
      next: `to allow it: --allow-host ${plain(wanted).slice(0, 300)}, or allow_host of the permission profile`,
    });
  }

  #keep(socket: Duplex): void {
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
  }
}

class Refused extends Error {}

interface Target {
  /** Lower case, without brackets. */
  readonly host: string;
  readonly port: number;
}

interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly text: string;
}

const badRequest: Answer = {
  status: 400,
  reason: 'Bad Request',
  text: 'This is a proxy: it takes CONNECT HOST:PORT, and requests with a whole http:// URL.',
};

/** `HOST:PORT` of CONNECT (RFC 9110 §9.3.6). */
function parseAuthority(text: string): Target | undefined {
  const [, bracketed, name, digits] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]@/?#\s]+)):(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  const host = bracketed ?? name;
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  return { host: cleanHost(host), port };
}

function parseUrl(text: string): (Target & { readonly path: string; readonly authority: string }) | undefined {
  if (!/^http:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const { hostname, host: authority, port, pathname, search, username, password } = new URL(text);
  if (username !== '' || password !== '') return undefined;
  return {
    host: cleanHost(hostname.replace(/^\[(.*)\]$/, '$1')),
    port: port === '' ? 80 : Number(port),
    path: pathname + search,
    authority,
  };
}

function cleanHost(text: string): string {
  const host = text.toLowerCase().replace(/\.$/, '');
  return isIP(host) === 0 ? host : unmapped(host);
}

async function lookUp(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

/** In place of the system's: only what was looked at before. */
function answering(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_name, { all: wantsAll }, callback) => {
    const [first] = all;
    if (wantsAll === true) callback(null, all);
    else callback(null, first?.address ?? '', first?.family);
  };
}

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = new Set((headers.connection ?? '').toLowerCase().split(/\s*,\s*/));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name) && !named.has(name)));
}

function join(near: Duplex, far: Socket): void {
  near.pipe(far).pipe(near);
  near.once('close', () => far.destroy());
  far.once('close', () => near.destroy());
}

function headersOf({ status, text }: Answer): Readonly<Record<string, string>> {
  return {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
    connection: 'close',
    ...(status === 407 ? { 'proxy-authenticate': 'Basic realm="usher"' } : {}),
  };
}

function end(response: ServerResponse, answer: Answer): void {
  if (!response.destroyed && !response.headersSent)
    response.writeHead(answer.status, answer.reason, headersOf(answer)).end(answer.text);
}

function endRaw(socket: Duplex, answer: Answer): void {
  const lines = Object.entries(headersOf(answer)).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${answer.status} ${answer.reason}`, ...lines, '', answer.text].join('\r\n'));
}
