import type { TestContext } from 'node:test';
import { sendJson, startHttpServer } from './start-http-server.ts';

/** A server.json with what every one needs. */
export function serverJson(change: Readonly<Record<string, unknown>> = {}) {
  return { name: 'io.github.acme/weather', description: 'Weather', version: '1.0.0', ...change };
}

/** A package of npm over HTTP, as an entry has it. */
export function npmPackage(change: Readonly<Record<string, unknown>> = {}) {
  return {
    registryType: 'npm',
    identifier: '@acme/usher-test-server',
    version: '1.0.0',
    transport: { type: 'streamable-http', url: 'http://127.0.0.1:3000/mcp' },
    ...change,
  };
}

export interface RegistryOptions {
  /** Servers on one page. */
  readonly pageSize?: number;
  /** The paths it has. */
  readonly version?: 'v0.1' | 'v0';
}

type Listed = Readonly<Record<string, unknown>> & { readonly name: string; readonly version: string };

/** A registry on loopback that speaks the MCP registry API. What it has can be changed while it runs. */
export async function startMcpRegistry(context: TestContext, servers: Listed[], options: RegistryOptions = {}) {
  const { pageSize = 2, version = 'v0.1' } = options;
  const wrap = (server: Listed) => ({
    server,
    _meta: { 'io.modelcontextprotocol.registry/official': { status: server['status'] ?? 'active', isLatest: true } },
  });
  const registry = await startHttpServer(({ url }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://registry');
    const [, paths, kind, name, , wanted] = pathname.split('/').map(decodeURIComponent);
    if (paths !== version || kind !== 'servers') return sendJson(response, 404, { error: 'Not found' });
    if (name !== undefined) {
      const found = servers.findLast((one) => one.name === name && (wanted === 'latest' || one.version === wanted));
      return found === undefined
        ? sendJson(response, 404, { error: 'Server not found' })
        : sendJson(response, 200, wrap(found));
    }
    const matching = servers.filter((one) => one.name.includes(searchParams.get('search') ?? ''));
    const start = Number(searchParams.get('cursor') ?? 0);
    const end = start + pageSize;
    const metadata = { count: pageSize, ...(end < matching.length ? { nextCursor: String(end) } : {}) };
    sendJson(response, 200, { servers: matching.slice(start, end).map(wrap), metadata });
  });
  context.after(() => registry[Symbol.asyncDispose]());
  return registry;
}
