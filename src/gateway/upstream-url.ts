import type { ServerConfig } from '../config/schema.ts';

/** Where the MCP endpoint behind is, or would be if it were run. */
export function upstreamUrl({ upstream }: ServerConfig): string {
  if (upstream.strategy === 'process') return `http://127.0.0.1:${upstream.targetPort}${upstream.targetPath}`;
  if (upstream.strategy === 'container') return `http://127.0.0.1:${upstream.targetPort ?? 0}${upstream.targetPath}`;
  const url = new URL(upstream.url);
  if (url.pathname === '/') url.pathname = '/mcp';
  return url.href;
}
