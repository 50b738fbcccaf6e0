import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { accessTokenType } from '../model/urns.ts';

/** Answers as somebody does who is not who they should be, or not well; by path. */
const answers: Readonly<Record<string, (response: ServerResponse) => void>> = {
  // An MCP server that takes anybody, and has the one tool.
  '/mcp': (response) =>
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(
        '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"Czechia"}],"tools":[{"name":"GetCountry","inputSchema":{"type":"object"}}]}}',
      ),
  '/html': (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>'),
  '/503': (response) => response.writeHead(503, { 'content-type': 'text/plain' }).end('maintenance'),
  '/429': (response) => response.writeHead(429, { 'retry-after': '30' }).end(),
  '/redirect': (response) => response.writeHead(308, { location: 'http://127.0.0.1:1/elsewhere' }).end(),
  // Never.
  '/slow': () => {},
  '/reset': (response) => response.destroy(),
  '/other-audience': (response) => sendToken(response, { aud: 'somebody-else', scp: ['backend-api:read'] }),
  '/less-scope': (response) => sendToken(response, { aud: 'backend', scp: [] }),
  '/dpop': (response) => sendToken(response, { aud: 'backend' }, 'DPoP'),
};

/** A token nobody signed: it is only looked at. */
function sendToken(response: ServerResponse, claims: object, tokenType = 'Bearer'): void {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 300;
  const body = {
    access_token: `${part({ alg: 'RS256' })}.${part({ sub: 'alice@example.com', exp, ...claims })}.c2ln`,
    issued_token_type: accessTokenType,
    token_type: tokenType,
    expires_in: 300,
  };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export interface StandIn extends AsyncDisposable {
  readonly url: string;
}

/** Starts it on a free port. Paths it does not know are not there. */
export async function startStandIn(): Promise<StandIn> {
  const server = createServer((request, response) => {
    request.resume();
    const answer = answers[request.url ?? ''];
    if (answer === undefined) response.writeHead(404).end();
    else answer(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
