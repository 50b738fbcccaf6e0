/** What an MCP client does when it signs in, as far as clients differ. Everything else is the engine's (emulated-client.ts). */
export interface ClientBehaviour {
  readonly title: string;
  /** Where it is written down, or was seen. */
  readonly sources: readonly string[];
  /** The first thing it sends, without a token. */
  readonly probe: 'POST initialize' | 'GET';
  /** Where it looks for protected resource metadata, in this order. */
  readonly resourceMetadata: readonly ('challenge' | 'inserted' | 'root')[];
  /** How it compares the metadata's `resource` with the URL it was given (RFC 9728 §3.3). */
  readonly resourceCheck: 'exact' | 'origin and path prefix';
  /** `MCP-Protocol-Version` of its requests for metadata; absent sends none. */
  readonly discoveryVersion?: string;
  /** Where it looks for the authorization server's metadata, in this order. */
  readonly serverMetadata: readonly ServerMetadataForm[];
  /** What it registers itself with (RFC 7591); `redirect_uris` and, where it names them, scopes are added. */
  readonly registration: Readonly<Record<string, unknown>>;
  /** All it registers to come back to, where that is more than what it is going to use. */
  readonly redirectUris?: readonly string[];
  /** Where it comes back to, and where when that port is busy; undefined where it then gives up. */
  readonly redirectUri: string;
  readonly redirectUriWhenBusy?: string;
  /** Does its registration name the scopes it is going to ask for? */
  readonly registersScope?: true;
  /** Does it ask for `offline_access` where the authorization server lists that? */
  readonly wantsOfflineAccess?: true;
  /** What it does on 403 `insufficient_scope`: asks for what it had and what is named, for what is named, or tells its user. */
  readonly stepUp: 'union' | 'named' | 'tells';
  /** Its requests come from a web page: preflights, and only what CORS lets it read. */
  readonly origin?: string;
}

export type ServerMetadataForm = 'oauth inserted' | 'oauth appended' | 'oidc inserted' | 'oidc appended';

/** MCP 2025-11-25 and later, authorization server discovery. */
const specOrder: readonly ServerMetadataForm[] = ['oauth inserted', 'oidc inserted', 'oidc appended'];
const codeClient = {
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
};

/** The clients people use. Where two behave alike there is one row. */
export const clientBehaviours: readonly ClientBehaviour[] = [
  {
    title: 'Visual Studio Code',
    sources: [
      'code.visualstudio.com/api/extension-guides/ai/mcp, Authorization',
      'github.com/microsoft/vscode/issues/278512: its redirect URIs, and the port it takes when 33418 is busy',
      'seen: VS Code 1.139',
    ],
    probe: 'POST initialize',
    resourceMetadata: ['challenge', 'inserted', 'root'],
    resourceCheck: 'exact',
    discoveryVersion: '2025-11-25',
    serverMetadata: specOrder,
    registration: {
      client_name: 'Visual Studio Code',
      client_uri: 'https://code.visualstudio.com',
      application_type: 'native',
      ...codeClient,
    },
    redirectUris: [
      'https://insiders.vscode.dev/redirect',
      'https://vscode.dev/redirect',
      'http://127.0.0.1/',
      'http://127.0.0.1:33418/',
    ],
    redirectUri: 'http://127.0.0.1:33418/',
    redirectUriWhenBusy: 'http://127.0.0.1:59656/',
    registersScope: true,
    stepUp: 'named',
  },
  {
    title: 'Claude Code',
    sources: [
      'code.claude.com/docs/en/mcp, Use a fixed OAuth callback port: http://localhost:PORT/callback',
      'github.com/anthropics/claude-code/issues/44652: 403 insufficient_scope is not followed',
      'seen: Claude Code 2.1.197',
    ],
    probe: 'POST initialize',
    resourceMetadata: ['challenge', 'inserted', 'root'],
    resourceCheck: 'origin and path prefix',
    discoveryVersion: '2025-11-25',
    serverMetadata: specOrder,
    registration: { client_name: 'Claude Code', ...codeClient },
    redirectUri: 'http://localhost:48123/callback',
    redirectUriWhenBusy: 'http://localhost:48124/callback',
    registersScope: true,
    wantsOfflineAccess: true,
    stepUp: 'tells',
  },
  {
    title: 'Cursor',
    sources: ['cursor.com/docs/mcp: http://localhost:8787/callback'],
    probe: 'POST initialize',
    resourceMetadata: ['challenge', 'inserted', 'root'],
    resourceCheck: 'origin and path prefix',
    discoveryVersion: '2025-06-18',
    serverMetadata: specOrder,
    registration: { client_name: 'Cursor', ...codeClient },
    redirectUri: 'http://localhost:8787/callback',
    stepUp: 'tells',
  },
  {
    title: 'Codex',
    sources: [
      'developers.openai.com/codex/mcp: mcp_oauth_callback_port, http://127.0.0.1:PORT/callback',
      'seen: Codex 0.169 asks with GET first, and for metadata as 2024-11-05',
    ],
    probe: 'GET',
    resourceMetadata: ['challenge', 'inserted', 'root'],
    resourceCheck: 'exact',
    discoveryVersion: '2024-11-05',
    serverMetadata: ['oauth inserted', 'oidc inserted', 'oauth appended', 'oidc appended'],
    registration: { client_name: 'Codex', ...codeClient },
    redirectUri: 'http://127.0.0.1:41999/callback',
    redirectUriWhenBusy: 'http://127.0.0.1:42000/callback',
    stepUp: 'named',
  },
  {
    title: 'Gemini CLI',
    sources: [
      'geminicli.com/docs/tools/mcp-server, OAuth: http://localhost:7777/oauth/callback',
      'it takes the metadata of the very path it connected to (RFC 9728 §3.3)',
    ],
    probe: 'POST initialize',
    resourceMetadata: ['challenge', 'inserted', 'root'],
    resourceCheck: 'exact',
    serverMetadata: specOrder,
    registration: { client_name: 'Gemini CLI MCP Client', ...codeClient },
    redirectUri: 'http://localhost:7777/oauth/callback',
    registersScope: true,
    stepUp: 'tells',
  },
  {
    title: 'mcp-remote',
    sources: ['github.com/geelen/mcp-remote, README: http://localhost:PORT/oauth/callback; built on the SDK client'],
    probe: 'POST initialize',
    resourceMetadata: ['challenge', 'inserted', 'root'],
    resourceCheck: 'origin and path prefix',
    discoveryVersion: '2025-11-25',
    serverMetadata: specOrder,
    registration: {
      client_name: 'MCP CLI Proxy',
      client_uri: 'https://github.com/modelcontextprotocol/mcp-cli',
      software_id: '2e6dc280-f3c3-4e01-99a7-8181dbd1d23d',
      ...codeClient,
    },
    redirectUri: 'http://localhost:33900/oauth/callback',
    redirectUriWhenBusy: 'http://localhost:33901/oauth/callback',
    stepUp: 'named',
  },
  {
    title: 'MCP Inspector, in a browser',
    sources: ['github.com/modelcontextprotocol/inspector, client: everything but the page comes from a web page'],
    probe: 'POST initialize',
    resourceMetadata: ['inserted', 'root'],
    resourceCheck: 'origin and path prefix',
    discoveryVersion: '2025-11-25',
    serverMetadata: specOrder,
    registration: {
      client_name: 'MCP Inspector',
      client_uri: 'https://github.com/modelcontextprotocol/inspector',
      ...codeClient,
    },
    redirectUri: 'http://localhost:6274/oauth/callback',
    stepUp: 'named',
    origin: 'http://localhost:6274',
  },
  {
    title: 'the SDK client',
    sources: [
      'MCP 2026-07-28, authorization: challenge, else both well-known places; step-up asks for the union',
      'github.com/modelcontextprotocol/typescript-sdk, packages/client/src/client/auth.ts',
    ],
    probe: 'POST initialize',
    resourceMetadata: ['challenge', 'inserted', 'root'],
    resourceCheck: 'origin and path prefix',
    discoveryVersion: '2026-07-28',
    serverMetadata: specOrder,
    registration: { client_name: 'SDK client', application_type: 'native', ...codeClient },
    redirectUri: 'http://127.0.0.1:28777/callback',
    redirectUriWhenBusy: 'http://127.0.0.1:28778/callback',
    wantsOfflineAccess: true,
    stepUp: 'union',
  },
];
