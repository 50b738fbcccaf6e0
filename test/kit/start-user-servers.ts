import type { TestContext } from 'node:test';
import { post } from './call.ts';
import { sendJson } from './start-http-server.ts';
import { startIssuer } from './start-issuer.ts';
import { exchangingServer, startTestGateway } from './start-test-gateway.ts';

export type TokenSetting = 'userTokenEnv' | 'userTokenFile';

export interface UserServerOptions {
  readonly setting?: TokenSetting;
  /** Seconds an exchanged token lives. */
  readonly lifeSeconds?: number;
  /** An exchanged token that says nothing about itself. */
  readonly isOpaque?: boolean;
}

type Upstream = Exclude<Parameters<typeof exchangingServer>[2], undefined>['upstream'];
type StdioUpstream = Extract<NonNullable<Upstream>, { strategy: 'process' | 'container' }>;

/** The whole path in front of a server over stdin and stdout: callers' tokens are exchanged, and each user's server is given theirs. */
export async function startUserServers(
  context: TestContext,
  upstream: StdioUpstream,
  { setting = 'userTokenEnv', lifeSeconds = 3600, isOpaque = false }: UserServerOptions = {},
) {
  const issuer = await startIssuer();
  context.after(() => issuer[Symbol.asyncDispose]());
  const exchanged: string[] = [];
  let refusal: object | undefined;
  issuer.onToken = async (request, response) => {
    if (refusal !== undefined) return sendJson(response, 400, refusal);
    const subjectToken = new URLSearchParams(request.body).get('subject_token') ?? '';
    const { sub, scp } = JSON.parse(Buffer.from(subjectToken.split('.')[1] ?? '', 'base64url').toString()) as {
      sub: string;
      scp: string[];
    };
    const exp = Math.floor(Date.now() / 1000) + lifeSeconds;
    const scopes = scp.includes('reader') ? ['backend-api:read'] : ['backend-api:read', 'backend-api:write'];
    const token = isOpaque
      ? `opaque-${sub}-${exchanged.length}`
      : await issuer.sign({ aud: 'backend', sub, scp: scopes, exp });
    exchanged.push(token);
    sendJson(response, 200, {
      access_token: token,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: lifeSeconds,
      scope: scopes.join(' '),
    });
  };
  const name = setting === 'userTokenEnv' ? 'API_TOKEN' : 'API_TOKEN_FILE';
  const gateway = await startTestGateway({
    stdio: exchangingServer(issuer, { url: '' }, { upstream: { ...upstream, transport: 'stdio', [setting]: name } }),
  });
  context.after(() => gateway.close());
  const tokenOf = (sub: string, claims: Record<string, unknown> = {}) => issuer.sign({ sub, uid: sub, ...claims });
  const call = (callerToken: string, tool: string) => callTool(gateway.mcpUrl, callerToken, tool);
  return {
    gateway,
    exchanged,
    tokenOf,
    call,
    text: async (callerToken: string, tool: string) => textOf(await (await call(callerToken, tool)).json()),
    refuse: (body: object) => {
      refusal = body;
    },
  };
}

const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

function callTool(url: string, callerToken: string, tool: string): Promise<Response> {
  const params = { name: tool, arguments: {}, _meta: meta };
  return post(
    url,
    callerToken,
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
    { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': tool },
  );
}

export async function begin(url: string, callerToken: string) {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  const response = await post(url, callerToken, { jsonrpc: '2.0', id: 0, method: 'initialize', params });
  const headers = { 'mcp-session-id': response.headers.get('mcp-session-id') ?? '' };
  return {
    status: response.status,
    call: (tool: string, by = callerToken) =>
      post(url, by, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: {} } }, headers),
  };
}

export function textOf(message: unknown): string {
  const { result } = message as { result?: { content?: { text?: string }[] } };
  return result?.content?.[0]?.text ?? JSON.stringify(message);
}

export function subjectOf(token: string): unknown {
  return (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sub: unknown }).sub;
}
