import { findRealProvider } from '../kit/find-real-provider.ts';
import { tryAgent } from '../shield/try-agent.ts';

const { url: codex, skip } = findRealProvider('TEST_CODEX');
/** Its tokens in a file of its home folder; by itself it takes the machine's keyring. */
const ownStore = ['-c', 'mcp_oauth_credentials_store="file"'];

/** Codex itself, of which only the model is a stand-in (developers.openai.com/codex/mcp, /codex/config-advanced). */
tryAgent({
  client: 'codex',
  file: '.codex/config.toml',
  skip,
  get: [codex, 'mcp', 'get', 'countries'],
  login: [codex, 'mcp', 'login', 'countries', ...ownStore],
  loggedIn: /Successfully logged in to MCP server 'countries'/,
  ask: (modelUrl) => {
    const provider = `model_providers.scripted={name="scripted",base_url="${modelUrl}/v1",wire_api="responses"}`;
    const model = ['-c', provider, '-c', 'model_provider="scripted"', '-c', 'model="scripted"'];
    // Nobody is there to approve the call; the model has one tool it calls.
    const unasked = ['--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox'];
    return [codex, 'exec', ...unasked, ...ownStore, ...model, 'Which country is CZ?'];
  },
  env: () => ({}),
});
