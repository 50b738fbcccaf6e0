import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post } from '../kit/call.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { startIssuer } from '../kit/start-issuer.ts';
import { exchangingServer, startTestGateway } from '../kit/start-test-gateway.ts';

const claimed = '203.0.113.7';
const rows: readonly (readonly [string, readonly string[], string])[] = [
  ['a proxy that is trusted', ['127.0.0.1'], claimed],
  ['nobody is trusted', [], '127.0.0.1'],
  ['another one is trusted', ['10.0.0.0/8'], '127.0.0.1'],
];

for (const [name, trustedProxies, from] of rows) {
  test(`X-Forwarded-For – ${name} – the record says ${from}, and it goes no further`, async () => {
    await using issuer = await startIssuer();
    await using upstream = await startHttpServer((_, response) =>
      sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: {} }),
    );
    const config = { listen: { port: 0, trustedProxies: [...trustedProxies] } };
    await using gateway = await startTestGateway({ apollo: exchangingServer(issuer, upstream) }, { config });
    const headers = { 'x-forwarded-for': claimed };
    assert.equal((await post(gateway.mcpUrl, await issuer.sign(), undefined, headers)).status, 200);
    const [record] = await gateway.records();
    assert.equal(record?.from, from);
    assert.equal(upstream.seen[0]?.headers['x-forwarded-for'], undefined);
  });
}
