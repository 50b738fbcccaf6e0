import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startTestGateway } from '../kit/start-test-gateway.ts';

const program = fileURLToPath(new URL('../conformance/fixture/serve-stdio.ts', import.meta.url));
const clients = fileURLToPath(new URL('../clients/package.json', import.meta.url));
const skip = existsSync(new URL('../clients/node_modules', import.meta.url)) ? false : 'no test clients';

/** The part of the official client that is used here; its own types are there only once test/clients is installed. */
interface ClientModule {
  readonly Client: new (info: object, options: object) => McpClient;
  readonly StreamableHTTPClientTransport: new (url: URL) => object;
}
interface McpClient {
  connect(transport: object): Promise<void>;
  callTool(
    call: object,
    options?: object,
  ): Promise<{ readonly content: readonly { readonly type: string; readonly text?: string }[] }>;
  close(): Promise<void>;
}

async function start(context: TestContext) {
  const gateway = await startTestGateway({
    stdio: {
      authenticate: [{ strategy: 'anonymous' }],
      upstream: { strategy: 'process', transport: 'stdio', command: [process.execPath, program] },
    },
  });
  context.after(() => gateway.close());
  const { Client, StreamableHTTPClientTransport } = createRequire(clients)(
    '@modelcontextprotocol/client',
  ) as ClientModule;
  return async (mode: unknown) => {
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
    await client.connect(new StreamableHTTPClientTransport(new URL(gateway.mcpUrl)));
    return client;
  };
}

for (const mode of ['legacy', 'auto', { pin: '2026-07-28' }] as const) {
  const name = typeof mode === 'string' ? mode : mode.pin;
  test(
    `the official client (${name}) and the official server over stdio – many at once, each with its own progress`,
    { skip },
    async (context) => {
      const connect = await start(context);
      const users = await Promise.all(Array.from({ length: 6 }, () => connect(mode)));
      const heard = await Promise.all(
        users.map(async (client) => {
          const progress: unknown[] = [];
          const onprogress = (one: unknown) => void progress.push(one);
          const { content } = await client.callTool({ name: 'test_tool_with_progress', arguments: {} }, { onprogress });
          assert.equal(content[0]?.type, 'text');
          return progress.length;
        }),
      );
      assert.ok(
        heard.every((count) => count === heard[0] && count > 0),
        heard.join(', '),
      );
      await Promise.all(users.map((client) => client.close()));
    },
  );
}
