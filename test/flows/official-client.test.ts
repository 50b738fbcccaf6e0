import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { signIn } from '../kit/scripted-browser.ts';
import { startScenario } from '../kit/start-scenario.ts';

/** The part of the official client that is used here; its own types are there only once test/clients is installed. */
interface ClientModule {
  readonly Client: new (info: object, options: object) => McpClient;
  readonly StreamableHTTPClientTransport: new (url: URL, options: object) => Transport;
  readonly UnauthorizedError: new () => Error;
}
interface McpClient {
  connect(transport: Transport): Promise<void>;
  listTools(): Promise<{ readonly tools: readonly { readonly name: string }[] }>;
  callTool(call: object): Promise<{ readonly content: readonly { readonly text?: string }[] }>;
  close(): Promise<void>;
}
interface Transport {
  finishAuth(parameters: URLSearchParams): Promise<void>;
}

const clients = fileURLToPath(new URL('../clients/package.json', import.meta.url));
const skip = existsSync(new URL('../clients/node_modules', import.meta.url)) ? false : 'no test clients';
const redirectUrl = 'http://127.0.0.1:33334/callback';

/** What an application keeps for the client: everything else (challenge, metadata, registration, PKCE) it does itself. */
function buildAuthProvider() {
  const kept: { client?: object; tokens?: { access_token: string }; verifier?: string; authorizeUrl?: URL } = {};
  return {
    kept,
    redirectUrl,
    state: () => 'a-state-of-the-test',
    clientMetadata: {
      client_name: 'Test client',
      redirect_uris: [redirectUrl],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    },
    clientInformation: () => kept.client,
    saveClientInformation: (client: object) => void (kept.client = client),
    tokens: () => kept.tokens,
    saveTokens: (tokens: { access_token: string }) => void (kept.tokens = tokens),
    redirectToAuthorization: (url: URL) => void (kept.authorizeUrl = url),
    saveCodeVerifier: (verifier: string) => void (kept.verifier = verifier),
    codeVerifier: () => kept.verifier,
  };
}

for (const mode of ['legacy', { pin: '2026-07-28' }] as const) {
  const era = typeof mode === 'string' ? '2025-11-25' : mode.pin;
  test(
    `the official client, ${era} – signs in by itself through the challenge and calls a tool`,
    { skip },
    async () => {
      const { Client, StreamableHTTPClientTransport, UnauthorizedError } = createRequire(clients)(
        '@modelcontextprotocol/client',
      ) as ClientModule;
      await using scenario = await startScenario();
      const authProvider = buildAuthProvider();
      const buildTransport = () => new StreamableHTTPClientTransport(new URL(scenario.mcpUrl), { authProvider });
      const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
      const first = buildTransport();
      await assert.rejects(client.connect(first), UnauthorizedError);

      const { authorizeUrl } = authProvider.kept;
      assert.equal(authorizeUrl?.searchParams.get('resource'), scenario.mcpUrl);
      assert.ok(authorizeUrl?.searchParams.get('scope')?.split(' ').includes('mcp:tools:call'));
      const callback = await signIn(authorizeUrl ?? '', { username: 'bob@example.com', password: 'bob' });
      await first.finishAuth(callback.searchParams);

      await client.connect(buildTransport());
      const { tools } = await client.listTools();
      assert.deepEqual(tools.map((tool) => tool.name).sort(), [
        'GetAllCountries',
        'GetCountriesByContinent',
        'GetCountry',
        'GetEuropeanCountries',
      ]);
      const { content } = await client.callTool({ name: 'GetCountry', arguments: { code: 'CZ' } });
      assert.match(content[0]?.text ?? '', /Prague/);
      await client.close();

      const call = (await scenario.records()).find((record) => record.what.tool === 'GetCountry');
      assert.equal(call?.who.sub, 'bob@example.com');
      assert.equal(call?.exchanged?.sub, 'bob@example.com');
      assert.equal(call?.exchanged?.aud, 'backend');
    },
  );
}
