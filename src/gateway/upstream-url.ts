import type { ServerConfig } from '../config/schema.ts';

/** Where the MCP endpoint behind is, or would be if it were run. */
export function upstreamUrl({ upstream }: ServerConfig): string {
  if (upstream.strategy !== 'http') return `http://127.0.0.1:${upstream.targetPort ?? 0}${upstream.targetPath}`;
  const url = new URL(upstream.url);
  if (url.pathname === '/') url.pathname = upstream.transport === 'sse' ? '/sse' : '/mcp';
  return url.href;
}
