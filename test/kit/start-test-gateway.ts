import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { configSchema, type Config } from '../../src/config/schema.ts';
import { startGateway, type GatewayOptions } from '../../src/gateway/start-gateway.ts';
import type { RunningGateway } from '../../src/gateway/running-gateway.ts';
import type { AuditRecord } from '../../src/model/audit-record.ts';
import { Secret } from '../../src/model/secret.ts';
import { collectLog } from './collect-log.ts';
import { exchangeGrant, type TestIssuer } from './start-issuer.ts';
import type { TestServer } from './start-http-server.ts';

export { exchangeGrant };

export interface TestGateway extends RunningGateway {
  /** The MCP endpoint. */
  readonly mcpUrl: string;
  readonly auditFile: string;
  /** Everything that was logged, as text. */
  readonly logged: string[];
  /** Another configuration of it: these servers, everything else as it is. */
  configure(servers: Record<string, ServerInput>, more?: ConfigInput): Config;
  /** The audit trail so far. */
  records(): Promise<readonly AuditRecord[]>;
}

type ServerInput = z.input<typeof configSchema>['servers'][string];
/** What a configuration says beside its servers. */
type ConfigInput = Partial<Omit<z.input<typeof configSchema>, 'servers'>>;

export interface TestGatewayOptions extends Omit<GatewayOptions, 'log'> {
  readonly config?: ConfigInput;
}

/** The usual server of a test: tokens of `issuer` for mcpserver, exchanged there for backend. */
export function exchangingServer(
  issuer: TestIssuer,
  upstream: Pick<TestServer, 'url'>,
  more: Partial<ServerInput> = {},
): ServerInput {
  return {
    authenticate: [{ strategy: 'jwt', issuer: issuer.issuer, audience: ['mcpserver'] }],
    policy: { strategy: 'scopes', required: ['mcp:tools:call'] },
    credential: {
      strategy: 'token-exchange',
      url: issuer.tokenUrl,
      clientId: '0oaGateway',
      clientSecret: new Secret('gateway-secret'),
      audience: ['backend'],
      scopes: ['backend-api:read'],
    },
    upstream: { strategy: 'http', url: `${upstream.url}/mcp` },
    ...more,
  };
}

/** A real gateway in this process, on a free port, with its audit trail in a folder of its own. */
export async function startTestGateway(
  servers: Record<string, ServerInput>,
  { config: given, ...options }: TestGatewayOptions = {},
): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-test-'));
  const auditFile = join(folder, 'audit.jsonl');
  const { log, logged } = collectLog();
  const configure: TestGateway['configure'] = (others, more) =>
    configSchema.parse({ listen: { port: 0 }, audit: { file: auditFile }, ...given, ...more, servers: others });
  const remove = () => rm(folder, { recursive: true, force: true });
  const start = async () => startGateway(configure(servers), { log, ...options });
  const gateway = await start().catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  const close = async () => {
    try {
      await gateway.close();
    } finally {
      await remove();
    }
  };
  return {
    ...gateway,
    get servers() {
      return gateway.servers;
    },
    mcpUrl: gateway.servers[0]?.url ?? '',
    auditFile,
    logged,
    configure,
    async records() {
      // Records are written within 10 ms of the call's end, which is after its last byte was seen here.
      await new Promise((resolve) => setTimeout(resolve, 40));
      const text = await readFile(auditFile, 'utf8');
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line): AuditRecord => JSON.parse(line));
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
