import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '../kit/free-port.ts';
import { startDocumentServer } from '../kit/start-document-server.ts';
import { startProgram } from '../kit/run-program.ts';
import { signIn } from '../kit/scripted-browser.ts';
import { startShieldLab } from '../shield/start-shield-lab.ts';
import { follow, noBrowser, signIns, startLab, urlOf, ways, withHome } from '../shield/real-client.ts';

/** Clients nobody here wrote sign in by themselves, at a provider that lets them register and by the façade where it does not. */
const clients = fileURLToPath(new URL('../clients/node_modules', import.meta.url));

function skipWithout(command: string): string | false {
  return existsSync(join(clients, command)) ? false : `no ${command} among the test clients`;
}

/** What an MCP client that starts mcp-remote says to it. */
const spoken = [
  {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
  },
  { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'GetCountry', arguments: { code: 'CZ' } } },
];

for (const way of ways) {
  test(
    `mcp-remote, ${way} – signs in, calls a tool, and does not ask again when it starts again`,
    { skip: skipWithout('mcp-remote') },
    async () => {
      await using lab = await startLab(way);
      await withHome(async (home) => {
        const command = [join(clients, '.bin/mcp-remote'), urlOf(lab), String(await freePort()), '--allow-http'];
        for (const start of ['first', 'again']) {
          await using program = startProgram([process.execPath, ...command], {
            env: { ...noBrowser, HOME: home, MCP_REMOTE_CONFIG_DIR: home },
            input: spoken.map((message) => `${JSON.stringify(message)}\n`).join(''),
            holdsInput: true,
          });
          await follow(lab, program, /"id":2,.*Czechia/);
          assert.equal(signIns(lab), 1, start);
        }
      });
    },
  );

  test(
    `the MCP Inspector, ${way} – signs in and calls a tool`,
    { skip: skipWithout('@modelcontextprotocol/inspector') },
    async () => {
      await using lab = await startLab(way);
      await withHome(async (home) => {
        const asked = ['--method', 'tools/call', '--tool-name', 'GetCountry', '--tool-arg', 'code=CZ'];
        const command = [join(clients, '.bin/mcp-inspector'), '--cli', urlOf(lab), '--transport', 'http', ...asked];
        await using program = startProgram([process.execPath, ...command], {
          env: {
            ...noBrowser,
            HOME: home,
            MCP_INSPECTOR_SECRET_STORE: 'memory',
            MCP_AUTO_OPEN_ENABLED: 'true',
            MCP_OAUTH_CALLBACK_URL: `http://127.0.0.1:${await freePort()}/oauth/callback`,
          },
        });
        const text = await follow(lab, program, /Czechia/);
        assert.equal(await program.exited, 0, text);
        assert.equal(signIns(lab), 1);
      });
    },
  );
}

interface SdkModule {
  readonly Client: new (info: object) => {
    connect(transport: object): Promise<void>;
    callTool(call: object): Promise<unknown>;
    close(): Promise<void>;
  };
  readonly StreamableHTTPClientTransport: new (
    url: URL,
    options: object,
  ) => {
    finishAuth(parameters: URLSearchParams): Promise<void>;
  };
  readonly UnauthorizedError: new () => Error;
}

for (const brings of ['a registration', 'a document about itself'] as const) {
  test(
    `the SDK's client, by the façade with ${brings} – signs in, calls a tool, and refreshes`,
    { skip: skipWithout('@modelcontextprotocol/client') },
    async () => {
      const redirectUrl = 'http://127.0.0.1:33335/callback';
      await using site = await startDocumentServer();
      const documentUrl = site.document('/client.json', { redirect_uris: [redirectUrl] });
      const hasDocument = brings !== 'a registration';
      await using lab = await startShieldLab({
        ca: site.ca,
        facade: hasDocument ? { clientDocuments: [documentUrl], unsafeDevLoopbackDocuments: true } : true,
      });
      const load = createRequire(join(clients, '../package.json'));
      const { Client, StreamableHTTPClientTransport, UnauthorizedError } = load(
        '@modelcontextprotocol/client',
      ) as SdkModule;
      const kept: { client?: object; tokens?: Record<string, string>; verifier?: string; url?: URL } = {};
      const authProvider = {
        redirectUrl,
        ...(hasDocument ? { clientMetadataUrl: documentUrl } : {}),
        state: () => 'a-state-of-the-test',
        clientMetadata: {
          client_name: 'Test client',
          redirect_uris: [redirectUrl],
          grant_types: ['authorization_code', 'refresh_token'],
          token_endpoint_auth_method: 'none',
        },
        clientInformation: () => kept.client,
        saveClientInformation: (client: object) => void (kept.client = client),
        tokens: () => kept.tokens,
        saveTokens: (tokens: Record<string, string>) => void (kept.tokens = tokens),
        redirectToAuthorization: (url: URL) => void (kept.url = url),
        saveCodeVerifier: (verifier: string) => void (kept.verifier = verifier),
        codeVerifier: () => kept.verifier,
      };
      const build = () => new StreamableHTTPClientTransport(new URL(urlOf(lab)), { authProvider });
      const call = async () => {
        const client = new Client({ name: 'test', version: '1' });
        await client.connect(build());
        const answer = JSON.stringify(await client.callTool({ name: 'GetCountry', arguments: { code: 'CZ' } }));
        assert.match(answer, /Czechia/);
        await client.close();
      };
      const first = build();
      await assert.rejects(new Client({ name: 'test', version: '1' }).connect(first), UnauthorizedError);
      assert.equal(kept.url?.searchParams.get('client_id') === documentUrl, hasDocument);
      const alsoAt = [new URL(lab.idp.idp.httpUrl).origin];
      const callback = await signIn(kept.url ?? '', { username: 'alice@example.com', password: 'alice', alsoAt });
      await first.finishAuth(callback.searchParams);
      await call();
      const earlier = kept.tokens?.['access_token'];
      kept.tokens = { ...kept.tokens, access_token: 'of-no-use-any-more' };
      await call();
      assert.notEqual(kept.tokens?.['access_token'], earlier);
      assert.equal(signIns(lab), 1);
      assert.equal(site.asked.length, hasDocument ? 1 : 0);
    },
  );
}
