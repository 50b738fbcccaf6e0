import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { post } from '../kit/call.ts';
import { startHttpServer } from '../kit/start-http-server.ts';
import { startIssuer } from '../kit/start-issuer.ts';
import { exchangingServer, startTestGateway } from '../kit/start-test-gateway.ts';

/** A server behind answers with lists that are nested deeper than they can be written out again. */
const issuer = await startIssuer();
const answer = { body: '', type: 'application/json' };
const upstream = await startHttpServer((_, response) => {
  response.writeHead(200, { 'content-type': answer.type });
  response.end(answer.type === 'application/json' ? answer.body : `data: ${answer.body}\n\n`);
});
const server = exchangingServer(issuer, upstream, {
  policy: { strategy: 'scopes', required: ['mcp:tools:call'], rules: [{ tools: 'Get*' }] },
});
const gateway = await startTestGateway({ apollo: server });
after(async () => {
  for (const one of [gateway, upstream, issuer]) await one[Symbol.asyncDispose]();
});

const depth = 50_000;
const deepSchema = `${'['.repeat(depth)}${']'.repeat(depth)}`;
const deepResult = `${'{"result":'.repeat(depth)}1${'}'.repeat(depth)}`;
const bodies: readonly (readonly [what: string, body: string])[] = [
  [
    'a tool',
    `{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"GetCountry","inputSchema":${deepSchema}},{"name":"X"}]}}`,
  ],
  ['what stands beside the tools', `{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"X"}],"_meta":${deepSchema}}}`],
  ['results in results', `{"jsonrpc":"2.0","id":1,"result":${deepResult},"tools":0}`],
];

describe('tools/list', () => {
  for (const [what, body] of bodies) {
    for (const type of ['application/json', 'text/event-stream']) {
      test(`${what} is too deep, as ${type} – refused or cut, and the gateway goes on`, async () => {
        Object.assign(answer, { body, type });
        const callerToken = await issuer.sign();
        const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
        const shown = await post(gateway.mcpUrl, callerToken, list).then(
          async (response) => (await response.text().catch(() => '')) + String(response.status),
          () => '',
        );
        assert.doesNotMatch(shown, /"name"/);
        assert.equal((await gateway.records()).at(-1)?.code, 'upstream_failed');
        Object.assign(answer, { body: '{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}', type });
        assert.equal((await post(gateway.mcpUrl, callerToken, list)).status, 200);
      });
    }
  }
});
