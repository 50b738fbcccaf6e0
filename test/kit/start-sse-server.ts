import type { ServerResponse } from 'node:http';
import { startHttpServer, type SeenRequest, type TestServer } from './start-http-server.ts';

interface SseServerOptions {
  /** What the first event of a stream names. */
  readonly endpoint?: (session: number) => string;
  /** Whether a request is taken; with a 401 it says why. */
  readonly mayCall?: (request: SeenRequest) => boolean;
  /** Answers a GET in another way. */
  readonly onGet?: (response: ServerResponse) => boolean;
}

export interface SseServer extends TestServer {
  /** The streams that are open. */
  readonly streams: Map<number, ServerResponse>;
}

type Rpc = {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: unknown;
};

/** An MCP server of HTTP+SSE (2024-11-05), by hand: its tools say who calls, ask, and end the stream. */
export async function startSseServer({
  endpoint = (session) => `/messages?session=${session}`,
  mayCall = () => true,
  onGet = () => false,
}: SseServerOptions = {}): Promise<SseServer> {
  const streams = new Map<number, ServerResponse>();
  let sessions = 0;
  const server = await startHttpServer((request, response) => {
    if (!mayCall(request)) {
      response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end();
      return;
    }
    if (request.method === 'GET') {
      if (onGet(response)) return;
      sessions += 1;
      const session = sessions;
      streams.set(session, response);
      response.on('close', () => streams.delete(session));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`event: endpoint\ndata: ${endpoint(session)}\n\n`);
      return;
    }
    const stream = streams.get(Number(new URL(request.url, 'http://server').searchParams.get('session')));
    if (stream === undefined) return void response.writeHead(404).end();
    response.writeHead(202).end('Accepted');
    answer(JSON.parse(request.body) as Rpc, request, stream);
  });
  return { ...server, streams };
}

function answer({ id, method, params = {}, result }: Rpc, { headers }: SeenRequest, stream: ServerResponse): void {
  const say = (message: object) =>
    void stream.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`);
  const text = (value: unknown) => say({ id, result: { content: [{ type: 'text', text: String(value) }] } });
  if (method === 'initialize')
    return say({
      id,
      result: {
        protocolVersion: params['protocolVersion'],
        capabilities: { tools: {} },
        serverInfo: { name: 'sse', version: '1' },
      },
    });
  if (method === undefined)
    return say({ id: 77, result: { content: [{ type: 'text', text: JSON.stringify(result) }] } });
  switch (params['name']) {
    case 'whoami':
      return text(headers.authorization);
    case 'headers':
      return text(JSON.stringify(headers));
    case 'progress':
      say({
        method: 'notifications/progress',
        params: { progressToken: (params['_meta'] as { progressToken: unknown }).progressToken, progress: 1 },
      });
      return text('done');
    case 'ask':
      return say({ id: 'asked', method: 'elicitation/create', params: { message: 'who?' } });
    case 'end':
      stream.end();
      return undefined;
  }
}
