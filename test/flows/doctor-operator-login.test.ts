import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeFolder, writeText } from '../kit/config-input.ts';
import { runUsher } from '../kit/run-usher.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';

test('usher doctor – where the operator signs in – looks for no metadata and no token of callers, and signs nobody in', async (context) => {
  await using behind = await startHttpServer((_, response) =>
    sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: {} }),
  );
  await using issuer = await startHttpServer((_, response) => sendJson(response, 404, {}));
  const file = writeText(
    context,
    'usher.yaml',
    `audit: { file: audit.jsonl }
servers:
  demo:
    remoteAuth: { issuer: "${issuer.url}/as", clientId: operator }
    upstream: { url: "${behind.url}/mcp" }
`,
  );
  const { stdout, stderr } = await runUsher(context, ['doctor', '-f', file], { env: { HOME: makeFolder(context) } });
  assert.match(stdout, /\[server-answers\]/, stderr);
  assert.doesNotMatch(stdout, /\[(?:resource-metadata|resource-challenge|caller-token|policy)\]/);
  assert.equal(issuer.seen.length, 0);
});
