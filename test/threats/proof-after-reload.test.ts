import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post, toolCall } from '../kit/call.ts';
import { writeText } from '../kit/config-input.ts';
import { makeDpopClient } from '../kit/dpop-client.ts';
import { makeAuthority } from '../kit/make-certificate.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { startIssuer } from '../kit/start-issuer.ts';
import { exchangingServer, startTestGateway } from '../kit/start-test-gateway.ts';

type Server = ReturnType<typeof exchangingServer>;

/** Somebody has a bound token and a used proof, and waits for the next reload. */
const changes: readonly (readonly [what: string, change: (server: Server) => Server])[] = [
  ['of what is asked of proofs', (server) => ({ ...server, dpop: { maxAgeSeconds: 120 } })],
  ['of the issuers', (server) => ({ ...server, authenticate: [...server.authenticate, another] })],
];
const another = { strategy: 'jwt' as const, issuer: 'https://other.example', audience: ['mcpserver'] };

async function start() {
  const issuer = await startIssuer();
  const upstream = await startHttpServer((_, response) =>
    sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: {} }),
  );
  const server = exchangingServer(issuer, upstream, { resourceUrl: 'http://localhost/mcp' });
  const gateway = await startTestGateway({ apollo: server });
  const client = makeDpopClient();
  const callerToken = await issuer.sign({ cnf: client.cnf });
  const headers = client.headers({ url: 'http://localhost/mcp', token: callerToken });
  return {
    gateway,
    server,
    async send(): Promise<number> {
      const response = await post(gateway.mcpUrl, undefined, toolCall(), headers);
      await response.text();
      return response.status;
    },
    async [Symbol.asyncDispose]() {
      for (const one of [gateway, upstream, issuer]) await one[Symbol.asyncDispose]();
    },
  };
}

for (const [what, change] of changes) {
  test(`a used proof, after a reload ${what} – is still used`, async () => {
    await using all = await start();
    assert.equal(await all.send(), 200);
    assert.equal(await all.gateway.reload(() => all.gateway.configure({ apollo: change(all.server) })), true);
    assert.equal(await all.send(), 401);
  });
}

test('a used proof, after a reload with other certificate authorities – is still used', async (context) => {
  await using all = await start();
  assert.equal(await all.send(), 200);
  const caFile = writeText(context, 'ca.pem', (await makeAuthority()).ca);
  const next = () => all.gateway.configure({ apollo: all.server }, { caFile });
  assert.equal(await all.gateway.reload(next), true);
  assert.equal(await all.send(), 401);
});
