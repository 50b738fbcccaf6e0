import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../tools/root.js';
import { findPort, type Proxy, startProxy } from './start-proxy.ts';

/** How much of its work a gateway does. */
export type GatewayKind =
  'anonymous' | 'jwt' | 'introspection' | 'introspection-each' | 'exchange' | 'exchange-20ms' | 'exchange-bound';

export interface GatewayOrder {
  readonly kind: GatewayKind;
  /** Folder for its configuration, log and audit trail. */
  readonly folder: string;
  readonly originPort: number;
  readonly providerPort: number;
  /** Lets it answer for its memory (bench/report-memory.js). */
  readonly reportsMemory?: boolean;
  /** Where it listens; a free one when absent. */
  readonly port?: number;
  /** Beside others of its kind. */
  readonly name?: string;
  /** A Redis server it shares with others. */
  readonly stateUrl?: string;
  /** Where its server is, other than at `originPort`. */
  readonly upstream?: object | undefined;
  /** Settings of rate limits. */
  readonly rateLimit?: object;
}

/** Starts `usher serve` as it is published: the build, one process, audit trail to a file. */
export async function startUsher(order: GatewayOrder): Promise<Proxy & { readonly auditFile: string }> {
  const name = order.name ?? order.kind;
  const port = order.port ?? (await findPort());
  const file = join(order.folder, `${name}.yaml`);
  const auditFile = join(order.folder, `${name}.audit.jsonl`);
  const issuer = `http://127.0.0.1:${order.providerPort}`;
  const endpoint = order.kind === 'exchange-20ms' ? 'delayed' : 'immediate';
  // JSON is YAML too.
  const settings = {
    listen: { port },
    audit: { file: auditFile },
    ...(order.stateUrl === undefined ? {} : { state: { url: order.stateUrl, key: 'bench'.repeat(8) } }),
    servers: {
      bench: {
        authenticate: [authenticator(order.kind, issuer)],
        ...(order.kind === 'anonymous' ? {} : { policy: { required: ['mcp:tools:call'] } }),
        ...(order.kind.startsWith('exchange')
          ? {
              credential: {
                url: `${issuer}/token/${endpoint}`,
                clientId: 'bench',
                clientSecret: 'bench-secret',
                audience: 'backend',
                scopes: ['backend-api:read'],
                ...(order.kind === 'exchange-bound' ? { dpop: true } : {}),
              },
            }
          : {}),
        ...(order.rateLimit === undefined ? {} : { rateLimit: order.rateLimit }),
        upstream: order.upstream ?? { url: `http://127.0.0.1:${order.originPort}/mcp` },
      },
    },
  };
  writeFileSync(file, JSON.stringify(settings, null, 2), { mode: 0o600 });
  const options = order.reportsMemory === true ? ['--expose-gc', '--import', memoryReporter] : [];
  const proxy = await startProxy({
    command: process.execPath,
    args: [...options, join(root, 'bin/usher.js'), 'serve', '-f', file],
    port,
    logFile: join(order.folder, `${name}.log`),
    ipc: order.reportsMemory === true,
  });
  return { ...proxy, auditFile };
}

function authenticator(kind: GatewayKind, issuer: string): object {
  if (kind === 'anonymous') return { strategy: 'anonymous' };
  const callers = { issuer, audience: 'mcpserver' };
  if (!kind.startsWith('introspection')) return callers;
  const client = { url: `${issuer}/introspect`, clientId: 'bench', clientSecret: 'bench-secret' };
  return { strategy: 'introspection', ...callers, ...client, cacheSeconds: kind === 'introspection' ? 30 : 0 };
}

const memoryReporter = new URL('report-memory.js', import.meta.url).href;
