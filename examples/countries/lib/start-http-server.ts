import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { CannotStart } from './cannot-start.ts';
import { messageOf } from './message-of.ts';

/** A listening program of this example. */
export interface RunningServer extends AsyncDisposable {
  readonly url: string;
  /** Stops listening, ends what is open, and waits for the port to be free. Safe to call twice. */
  close(): Promise<void>;
}

export interface ListenOptions {
  /** Name of the program, for the error: `the countries API`. */
  readonly what: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What to change when the port is taken: `PORT`. */
  readonly portSetting: string;
  /** Path of the returned URL. */
  readonly path: string;
}

/** Answers one request; a rejection becomes a 500 without details. */
export type Answer = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/** Starts an HTTP server. Throws {@link CannotStart} when the address cannot be taken. */
export async function startHttpServer(answer: Answer, options: ListenOptions): Promise<RunningServer> {
  const listener: RequestListener = (req, res) => {
    answer(req, res).catch((error: unknown) => {
      process.stderr.write(`error: answering ${req.method ?? ''} failed: ${messageOf(error)}\n`);
      if (res.headersSent) res.destroy();
      else res.writeHead(500, { 'content-type': 'application/json' }).end('{"error":"server_error"}');
    });
  };
  const server = createServer(listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  }).catch((error: unknown) => {
    throw new CannotStart(options.what, [reasonNotListening(error, options)]);
  });

  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  return { url: `http://${host}:${port}${options.path}`, close, [Symbol.asyncDispose]: close };
}

function reasonNotListening(error: unknown, { host, port, portSetting }: ListenOptions): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') {
    return `${host}:${port} is taken, set ${portSetting} to another port or to 0 for any free one`;
  }
  if (code === 'EACCES') return `${host}:${port} needs more rights, set ${portSetting} to a port above 1023`;
  return `${host}:${port} cannot be listened on (${messageOf(error)})`;
}
