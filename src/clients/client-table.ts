import type { Client, Platform, ServerEntry } from './client.ts';
import { fields, headersOf, throughMcpRemote, typed, withServerUrl } from './entry-shapes.ts';
import type { FileValue } from './formats/format.ts';

/** The shape most have. */
const mcpServers = { format: 'json', path: ['mcpServers'], holds: 'map', indent: '  ' } as const;

const claudeCode = {
  ...mcpServers,
  entry: (server: ServerEntry) =>
    fields({ type: 'http', url: server.url, headers: headersOf(server), oauth: server.oauth && { ...server.oauth } }),
  // Seen in version 2.1: proper-lockfile on FILE.lock.
  lock: 'empty-folder',
  source: 'https://code.claude.com/docs/en/mcp',
  signIn: '/mcp',
} as const;

/** Every client whose settings Usher can write, in the order of lists. Paths, keys and fields are the vendors' own; `source`
 * says where they say so.
 */
export const clientTable: readonly Client[] = [
  {
    ...vsCode('vscode', 'Visual Studio Code', everywhere('$APPDATA/Code/User/mcp.json')),
    // code.visualstudio.com/api/extension-guides/ai/mcp, authorization
    redirectUris: ['http://127.0.0.1:33418', 'https://vscode.dev/redirect'],
  },
  vsCode('vscode-insiders', 'Visual Studio Code Insiders', everywhere('$APPDATA/Code - Insiders/User/mcp.json')),
  vsCode('vscode-server', 'Visual Studio Code, remote', everywhere('~/.vscode-server/data/User/mcp.json')),
  vsCode('vscodium', 'VSCodium', everywhere('$APPDATA/VSCodium/User/mcp.json')),
  // github.com/coder/code-server/blob/main/docs/FAQ.md: where it keeps settings
  vsCode('code-server', 'code-server', {
    linux: '$XDG_DATA_HOME/code-server/User/mcp.json',
    darwin: '$XDG_DATA_HOME/code-server/User/mcp.json',
  }),
  { ...vsCode('vscode-workspace', 'Visual Studio Code, workspace', everywhere('.vscode/mcp.json')), project: true },
  {
    ...vsCode('visual-studio', 'Visual Studio', { win32: '~/.mcp.json' }),
    signs: ['$LOCALAPPDATA/Microsoft/VisualStudio'],
    // Its page has no client id.
    entry: typed('http'),
    indent: '  ',
    source: 'https://learn.microsoft.com/en-us/visualstudio/ide/mcp-servers',
  },
  {
    ...mcpServers,
    id: 'cursor',
    title: 'Cursor',
    file: everywhere('~/.cursor/mcp.json'),
    redirectUris: ['cursor://anysphere.cursor-mcp/oauth/callback'],
    entry: (server) =>
      fields({
        url: server.url,
        headers: headersOf(server),
        auth: server.oauth && { CLIENT_ID: server.oauth.clientId },
      }),
    source: 'https://cursor.com/docs/mcp',
  },
  {
    ...claudeCode,
    id: 'claude-code',
    title: 'Claude Code',
    file: everywhere('$CLAUDE_CONFIG_DIR/.claude.json'),
    signs: ['$CLAUDE_CONFIG_DIR/.claude.json', '~/.claude'],
    tried: '2.1.197',
  },
  {
    ...claudeCode,
    id: 'claude-code-project',
    title: 'Claude Code, project',
    file: everywhere('.mcp.json'),
    project: true,
  },
  {
    ...mcpServers,
    id: 'claude-desktop',
    title: 'Claude Desktop',
    file: everywhere('$APPDATA/Claude/claude_desktop_config.json'),
    entry: throughMcpRemote,
    source: 'https://modelcontextprotocol.io/docs/develop/connect-local-servers',
    after: 'Restart Claude Desktop; it needs Node.js for npx',
  },
  {
    ...mcpServers,
    id: 'windsurf',
    title: 'Windsurf',
    file: everywhere('~/.codeium/windsurf/mcp_config.json'),
    entry: withServerUrl,
    source: 'https://docs.windsurf.com/windsurf/cascade/mcp',
    after: 'Refresh the list of MCP servers in Cascade',
  },
  {
    ...mcpServers,
    id: 'cline',
    title: 'Cline',
    file: everywhere('~/.cline/data/settings/cline_mcp_settings.json'),
    signs: ['~/.cline'],
    entry: typed('streamableHttp'),
    // github.com/cline/cline/blob/main/apps/vscode/src/services/mcp/settingsLock.ts
    lock: 'folder-with-owner',
    source: 'https://docs.cline.bot/mcp/mcp-overview',
    tried: '3.0.65',
  },
  {
    ...mcpServers,
    id: 'roo-code',
    title: 'Roo Code',
    file: everywhere('$APPDATA/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json'),
    entry: typed('streamable-http'),
    source: 'https://docs.roocode.com/features/mcp/using-mcp-in-roo',
  },
  {
    ...mcpServers,
    id: 'zed',
    title: 'Zed',
    file: {
      linux: '$XDG_CONFIG_HOME/zed/settings.json',
      darwin: '~/.config/zed/settings.json',
      win32: '$APPDATA/Zed/settings.json',
    },
    path: ['context_servers'],
    entry: typed(undefined),
    source: 'https://zed.dev/docs/ai/mcp',
  },
  {
    ...mcpServers,
    id: 'gemini-cli',
    title: 'Gemini CLI',
    file: everywhere('$GEMINI_CLI_HOME/.gemini/settings.json'),
    // The folder is Antigravity's, too.
    signs: ['$GEMINI_CLI_HOME/.gemini/settings.json', '$GEMINI_CLI_HOME/.gemini/oauth_creds.json'],
    entry: withHttpUrl,
    source: 'https://geminicli.com/docs/tools/mcp-server',
    tried: '0.61.0',
    after: 'Restart Gemini CLI',
  },
  {
    ...mcpServers,
    id: 'qwen-code',
    title: 'Qwen Code',
    file: everywhere('~/.qwen/settings.json'),
    entry: withHttpUrl,
    source: 'https://qwenlm.github.io/qwen-code-docs/en/tools/mcp-server',
    tried: '0.15.10',
    after: 'Restart Qwen Code',
  },
  {
    id: 'codex',
    title: 'Codex',
    file: everywhere('$CODEX_HOME/config.toml'),
    format: 'toml',
    path: ['mcp_servers'],
    holds: 'map',
    indent: '  ',
    entry: (server) =>
      fields({
        url: server.url,
        http_headers: headersOf(server),
        oauth: server.oauth && { client_id: server.oauth.clientId },
      }),
    source: 'https://developers.openai.com/codex/mcp',
    tried: '0.169.0',
    signIn: 'codex mcp login NAME',
  },
  {
    id: 'goose',
    title: 'Goose',
    file: {
      linux: '$XDG_CONFIG_HOME/goose/config.yaml',
      darwin: '~/.config/goose/config.yaml',
      win32: '$APPDATA/Block/goose/config/config.yaml',
    },
    makesFile: true,
    format: 'yaml',
    path: ['extensions'],
    holds: 'map',
    indent: '  ',
    entry: (server) =>
      fields({
        enabled: true,
        type: 'streamable_http',
        name: server.name,
        uri: server.url,
        headers: headersOf(server),
        timeout: 300,
      }),
    source: 'https://block.github.io/goose/docs/guides/config-files',
    after: 'Restart Goose',
  },
  {
    id: 'continue',
    title: 'Continue',
    file: everywhere('~/.continue/config.yaml'),
    makesFile: true,
    format: 'yaml',
    path: ['mcpServers'],
    holds: 'list',
    indent: '  ',
    entry: (server) => {
      const headers = headersOf(server);
      return fields({
        name: server.name,
        type: 'streamable-http',
        url: server.url,
        requestOptions: headers && { headers },
      });
    },
    source: 'https://docs.continue.dev/reference',
  },
  {
    ...mcpServers,
    id: 'opencode',
    title: 'OpenCode',
    file: everywhere('$XDG_CONFIG_HOME/opencode/opencode.json'),
    path: ['mcp', 'servers'],
    redirectUris: ['http://127.0.0.1:19876/mcp/oauth/callback'],
    // The names of its fields are snake_case since V2; 1.18 reads them, too.
    entry: ({ oauth, ...server }) =>
      fields({
        type: 'remote',
        url: server.url,
        headers: headersOf(server),
        oauth: oauth && fields({ client_id: oauth.clientId, callback_port: oauth.callbackPort }),
      }),
    source: 'https://opencode.ai/v2/docs/mcp-servers/',
    tried: '1.18.33',
  },
  {
    ...mcpServers,
    id: 'crush',
    title: 'Crush',
    file: {
      linux: '$XDG_CONFIG_HOME/crush/crush.json',
      darwin: '$XDG_CONFIG_HOME/crush/crush.json',
      win32: '$LOCALAPPDATA/crush/crush.json',
    },
    path: ['mcp'],
    entry: typed('http'),
    source: 'https://github.com/charmbracelet/crush#mcps',
  },
  {
    ...mcpServers,
    id: 'lm-studio',
    title: 'LM Studio',
    file: everywhere('~/.lmstudio/mcp.json'),
    entry: typed(undefined),
    source: 'https://lmstudio.ai/docs/app/mcp',
  },
  {
    ...mcpServers,
    id: 'amp',
    title: 'Amp',
    file: { linux: '$XDG_CONFIG_HOME/amp/settings.json', darwin: '~/.config/amp/settings.json' },
    path: ['amp.mcpServers'],
    entry: typed(undefined),
    source: 'https://ampcode.com/manual',
    tried: '0.0.1790142911',
  },
  {
    ...mcpServers,
    id: 'kiro',
    title: 'Kiro',
    file: everywhere('~/.kiro/settings/mcp.json'),
    signs: ['~/.kiro'],
    entry: typed(undefined),
    source: 'https://kiro.dev/docs/mcp/configuration',
  },
  {
    ...mcpServers,
    id: 'trae',
    title: 'Trae',
    file: everywhere('$APPDATA/Trae/User/mcp.json'),
    entry: typed(undefined),
    source: 'https://docs.trae.ai/ide/model-context-protocol',
    doubt: 'The vendor documents the fields, and not the path of the file',
  },
  {
    ...mcpServers,
    id: 'copilot-cli',
    title: 'GitHub Copilot CLI',
    file: everywhere('$COPILOT_HOME/mcp-config.json'),
    entry: (server) =>
      fields({
        type: 'http',
        url: server.url,
        headers: headersOf(server),
        tools: ['*'],
        ...(server.oauth && { oauthClientId: server.oauth.clientId, oauthPublicClient: true }),
      }),
    source: 'https://docs.github.com/en/copilot/how-tos/copilot-cli/customize-copilot/add-mcp-servers',
    tried: '1.0.102',
  },
  {
    ...mcpServers,
    id: 'antigravity',
    title: 'Antigravity',
    file: everywhere('~/.gemini/antigravity/mcp_config.json'),
    entry: withServerUrl,
    source: 'https://antigravity.google/docs/mcp',
    doubt: 'Newer versions may read ~/.gemini/config/mcp_config.json',
    after: 'Refresh the list of MCP servers',
  },
  {
    ...mcpServers,
    id: 'kimi-code',
    title: 'Kimi Code CLI',
    file: everywhere('$KIMI_CODE_HOME/mcp.json'),
    entry: typed(undefined),
    source: 'https://moonshotai.github.io/kimi-code/zh/customization/mcp',
    signIn: '/mcp-config login NAME',
  },
  {
    ...mcpServers,
    id: 'factory',
    title: 'Factory Droid',
    file: everywhere('~/.factory/mcp.json'),
    entry: typed('http'),
    source: 'https://docs.factory.ai/cli/configuration/mcp',
  },
  {
    ...mcpServers,
    id: 'qoder',
    title: 'Qoder',
    file: everywhere('~/.qoder/mcp.json'),
    entry: typed('http'),
    source: 'https://docs.qoder.com/user-guide/chat/model-context-protocol',
    doubt: 'The vendor documents the fields, and not the path of the file',
  },
  {
    id: 'mistral-vibe',
    title: 'Mistral Vibe',
    file: everywhere('$VIBE_HOME/config.toml'),
    format: 'toml',
    path: ['mcp_servers'],
    holds: 'list',
    indent: '  ',
    entry: vibeEntry,
    source: 'https://docs.mistral.ai/vibe/code/cli/mcp-servers',
  },
  {
    ...mcpServers,
    id: 'junie',
    title: 'JetBrains Junie',
    file: everywhere('~/.junie/mcp/mcp.json'),
    signs: ['~/.junie'],
    entry: typed(undefined),
    source: 'https://junie.jetbrains.com/docs/junie-cli-mcp-configuration.html',
  },
];

function everywhere(path: string): Record<Platform, string> {
  return { linux: path, darwin: path, win32: path };
}

/** VS Code and what is built from it. */
function vsCode(id: string, title: string, file: Client['file']): Client {
  return {
    id,
    title,
    file,
    format: 'json',
    path: ['servers'],
    holds: 'map',
    indent: '\t',
    entry: (server) =>
      fields({
        type: 'http',
        url: server.url,
        headers: headersOf(server),
        oauth: server.oauth && { clientId: server.oauth.clientId },
      }),
    source: 'https://code.visualstudio.com/docs/copilot/reference/mcp-configuration',
  };
}

/** Gemini CLI and what is built from it. */
function withHttpUrl(server: ServerEntry): FileValue {
  const { clientId, callbackPort } = server.oauth ?? {};
  const redirectUri = callbackPort === undefined ? undefined : `http://localhost:${callbackPort}/oauth/callback`;
  return fields({
    httpUrl: server.url,
    headers: headersOf(server),
    oauth: clientId === undefined ? undefined : fields({ enabled: true, clientId, redirectUri }),
  });
}

/** Takes headers or a sign-in, never both. */
function vibeEntry(server: ServerEntry): FileValue {
  const { clientId, callbackPort } = server.oauth ?? {};
  const headers = headersOf(server);
  const auth = fields({ type: 'oauth', scopes: [], client_id: clientId, redirect_port: callbackPort });
  return fields({
    name: server.name,
    transport: 'streamable-http',
    url: server.url,
    ...(headers === undefined ? { auth } : { headers }),
  });
}
