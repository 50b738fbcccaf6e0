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
  const clock = { aheadMs: 0 };
  const now = () => Date.now() + clock.aheadMs;
  const gateway = await startTestGateway({ apollo: server }, { now });
  const client = makeDpopClient('ES256', now);
  const callerToken = await issuer.sign({ cnf: client.cnf });
  const makeHeaders = () => client.headers({ url: 'http://localhost/mcp', token: callerToken });
  const headers = makeHeaders();
  const first = { ...headers };
  async function sendWith(proof: Readonly<Record<string, string>>): Promise<number> {
    const response = await post(gateway.mcpUrl, undefined, toolCall(), proof);
    await response.text();
    return response.status;
  }
  return {
    gateway,
    server,
    clock,
    /** Another proof, made now. */
    renew: () => Object.assign(headers, makeHeaders()),
    send: () => sendWith(headers),
    /** With the very first proof. */
    sendFirst: () => sendWith(first),
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

test('a used proof that was forgotten, after a reload that lets proofs be older – is not taken; a new one is', async () => {
  await using all = await start();
  assert.equal(await all.send(), 200);
  all.clock.aheadMs = 95_000;
  all.renew();
  const forgotten = all.sendFirst;
  assert.equal(await all.send(), 200, 'what is forgotten goes with the next call');
  const older = { ...all.server, dpop: { maxAgeSeconds: 600 } };
  assert.equal(await all.gateway.reload(() => all.gateway.configure({ apollo: older })), true);
  assert.equal(await forgotten(), 401);
  all.renew();
  assert.equal(await all.send(), 200);
});
