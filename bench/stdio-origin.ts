// The MCP server of the benchmark over stdin and stdout: answers every call at once with the same small result.
import { createInterface } from 'node:readline';

const results: Readonly<Record<string, object>> = {
  'server/discover': { supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, resultType: 'complete' },
};
const answer = {
  content: [{ type: 'text', text: '{"country":{"name":"Iceland","capital":"Reykjavik"}}' }],
  resultType: 'complete',
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method } = JSON.parse(line) as { id?: unknown; method: string };
  if (id === undefined) return;
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result: results[method] ?? answer })}\n`);
});
