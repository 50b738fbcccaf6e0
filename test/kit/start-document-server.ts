import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeAuthority } from './make-certificate.ts';

/** What a client's own web server answers. */
export interface DocumentAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is, everything else as JSON. */
  readonly body?: unknown;
}

export interface DocumentServer extends AsyncDisposable {
  /** `https://localhost:PORT`. */
  readonly origin: string;
  readonly port: number;
  /** Who vouches for its certificate, PEM. */
  readonly ca: string;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
  /** Connections that were opened, whatever came over them. */
  readonly connections: () => number;
  /** What a path answers with from now on. */
  serve(path: string, answer: DocumentAnswer | 'silence'): void;
  /** Serves a good document there, but for these changes, and returns its URL. */
  document(
    path: string,
    changes?: Readonly<Record<string, unknown>>,
    headers?: Readonly<Record<string, string>>,
  ): string;
}

export const documentRedirect = 'http://127.0.0.1:41999/callback';

/** A real web server with TLS on a loopback address, where clients have documents about themselves. */
export async function startDocumentServer(address = '127.0.0.1', port = 0): Promise<DocumentServer> {
  const authority = await makeAuthority();
  const { certificate, key } = await authority.issue();
  const answers = new Map<string, DocumentAnswer | 'silence'>();
  const asked: string[] = [];
  let connections = 0;
  const server = createServer({ cert: certificate, key }, ({ url = '' }, response) => {
    asked.push(url);
    const answer = answers.get(url) ?? { status: 404, body: '' };
    if (answer === 'silence') return;
    const { status = 200, headers = { 'content-type': 'application/json' }, body = {} } = answer;
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  const bound = (server.address() as AddressInfo).port;
  const origin = `https://localhost:${bound}`;
  return {
    origin,
    port: bound,
    ca: authority.ca,
    asked,
    connections: () => connections,
    serve: (path, answer) => void answers.set(path, answer),
    document(path, changes = {}, headers = {}) {
      const url = origin + path;
      const body = {
        client_id: url,
        client_name: 'An app with a document',
        redirect_uris: [documentRedirect],
        token_endpoint_auth_method: 'none',
        ...changes,
      };
      answers.set(path, { headers: { 'content-type': 'application/json', ...headers }, body });
      return url;
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
