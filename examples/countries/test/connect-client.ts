import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** What the tests use of the official client; its own types are only there when the test clients are installed. */
export interface McpClient {
  connect(transport: object): Promise<void>;
  getNegotiatedProtocolVersion(): string | undefined;
  listTools(): Promise<{ tools: ListedTool[] }>;
  callTool(call: { name: string; arguments?: Record<string, unknown> }): Promise<ToolResult>;
  close(): Promise<void>;
}

export interface ListedTool {
  readonly name: string;
  readonly description?: string;
  readonly inputSchema: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, unknown>>;
}

export interface ToolResult {
  readonly isError?: boolean;
  readonly content: readonly { readonly type: string; readonly text?: string }[];
  readonly structuredContent?: Readonly<Record<string, unknown>>;
}

interface ClientModule {
  readonly Client: new (info: object, options: object) => McpClient;
  readonly StreamableHTTPClientTransport: new (url: URL, options: object) => object;
}

const clientsFile = fileURLToPath(new URL('../../../test/clients/package.json', import.meta.url));

/** Why the official client cannot be used; false when it can. */
export const clientMissing = existsSync(new URL('node_modules', `file://${clientsFile}`))
  ? false
  : 'no test clients installed';

/** Connects the official client of the MCP TypeScript SDK. `mode`: `legacy` is `initialize`, a pin is that revision. */
export async function connectClient(
  url: string,
  token: string | undefined,
  mode: 'legacy' | { readonly pin: string },
): Promise<McpClient> {
  const { Client, StreamableHTTPClientTransport } = createRequire(clientsFile)(
    '@modelcontextprotocol/client',
  ) as ClientModule;
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  return client;
}
