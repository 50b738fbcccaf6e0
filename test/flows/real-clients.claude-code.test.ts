import { findRealProvider } from '../kit/find-real-provider.ts';
import { freePort } from '../kit/free-port.ts';
import { tryAgent } from '../shield/try-agent.ts';
import { inTerminal } from '../kit/in-terminal.ts';

const { url: claude, skip } = findRealProvider('TEST_CLAUDE_CODE');
const { command: login, skip: skipTerminal } = inTerminal([claude, 'mcp', 'login', 'countries']);
const callbackPort = await freePort();

/** Claude Code itself, of which only the model is a stand-in (code.claude.com/docs/en/mcp, /en/settings). */
tryAgent({
  client: 'claude-code',
  file: '.claude.json',
  skip: skip === false ? skipTerminal : skip,
  get: [claude, 'mcp', 'get', 'countries'],
  // It signs in only where a person sits.
  login,
  loggedIn: /Authenticated with "countries"/,
  ask: () => [claude, '-p', 'Which country is CZ?', '--allowedTools', 'mcp__countries__GetCountry'],
  env: (modelUrl) => ({
    ANTHROPIC_BASE_URL: modelUrl,
    ANTHROPIC_API_KEY: 'scripted',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    MCP_OAUTH_CALLBACK_PORT: `${callbackPort}`,
  }),
});
