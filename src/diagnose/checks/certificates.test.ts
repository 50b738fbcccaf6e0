import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { makeFolder } from '../../../test/kit/config-input.ts';
import { freePort } from '../../../test/kit/free-port.ts';
import { makeChain, type TestChain } from '../../../test/kit/make-chain.ts';
import { type Config, configSchema } from '../../config/schema.ts';
import type { Aids } from '../check.ts';
import { runDoctor } from '../run-doctor.ts';

/** A TLS server with this chain, and what a configuration needs to trust it. */
async function startTls(context: TestContext, { leaf, intermediate, key, root }: TestChain) {
  const server = createServer({ cert: `${leaf}${intermediate}`, key }, (_, response) => void response.end('{}'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const folder = makeFolder(context);
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, root);
  return { url: `https://localhost:${(server.address() as AddressInfo).port}`, caFile, folder };
}

function configOf(upstreamUrl: string, more: Readonly<Record<string, unknown>> = {}): Config {
  const upstream = { strategy: 'http', url: upstreamUrl };
  return configSchema.parse({ servers: { one: { authenticate: [{ strategy: 'anonymous' }], upstream } }, ...more });
}

async function checkOf(config: Config, aids: Aids = {}) {
  const [report] = await runDoctor(config, { aids });
  const found = report?.checks.find(({ id }) => id === 'certificates');
  assert.ok(found);
  return found;
}

test('certificates – a server behind with months left – pass, with the days and the one that ends first', async (context) => {
  const { url, caFile } = await startTls(context, await makeChain({ root: 300, intermediate: 200, leaf: 90 }));
  const { result, evidence, fix } = await checkOf(configOf(`${url}/mcp`, { caFile }));
  assert.equal(result, 'pass', evidence);
  assert.match(evidence, /the MCP server behind\): 90 days left, its own, CN=localhost \(1 of 3\), ends first, on 20/);
  assert.equal(fix, undefined);
});

for (const [left, which, advice] of [
  [{ root: 300, intermediate: 200, leaf: 5 }, /5 days left, its own, CN=localhost \(1 of 3\)/, /renew its certificate/],
  [
    { root: 300, intermediate: 5, leaf: 90 },
    /5 days left, the one between, CN=Test intermediate \(2 of 3\)/,
    /send the new certificate between/,
  ],
  [
    { root: 5, intermediate: 200, leaf: 90 },
    /5 days left, the authority, CN=Test root \(3 of 3\)/,
    /The authority itself ends.*--ca-file/,
  ],
] as const) {
  test(`certificates – ${JSON.stringify(left)} days left – warned of with who has to renew it, and nothing else is held back`, async (context) => {
    const { url, caFile } = await startTls(context, await makeChain(left));
    const config = configOf(`${url}/mcp`, { caFile });
    const { result, cause, evidence, fix } = await checkOf(config);
    assert.equal(result, 'warn', evidence);
    assert.equal(cause, 'certificate-ends-soon');
    assert.match(evidence, which);
    assert.match(fix ?? '', advice);
    assert.equal((await checkOf(config, { certificateDays: 5 })).result, 'pass');
  });
}

for (const [left, which] of [
  [{ root: 300, intermediate: 200, leaf: -1 }, /its own, CN=localhost \(1 of 3\), ended on/],
  [{ root: 300, intermediate: -1, leaf: 90 }, /the one between, CN=Test intermediate \(2 of 3\), ended on/],
] as const) {
  test(`certificates – ${JSON.stringify(left)} days left – fails and names the one that ended`, async (context) => {
    const { url, caFile } = await startTls(context, await makeChain(left));
    const { result, cause, evidence } = await checkOf(configOf(`${url}/mcp`, { caFile }));
    assert.equal(result, 'fail', evidence);
    assert.equal(cause, 'certificate-expired');
    assert.match(evidence, which);
  });
}

test('certificates – one of an authority that was renewed with another root sent along – judged by the trusted one', async (context) => {
  const chain = await makeChain({ root: 300, intermediate: 200, leaf: 90 });
  const old = await makeChain({ root: -5, intermediate: 200, leaf: 90 });
  const { url, caFile } = await startTls(context, { ...chain, intermediate: chain.intermediate + old.root });
  const { result, evidence } = await checkOf(configOf(`${url}/mcp`, { caFile }));
  assert.equal(result, 'pass', evidence);
});

test('certificates – not valid yet – fails, and speaks of the clock', async (context) => {
  const { url, caFile } = await startTls(context, await makeChain({ root: 300, intermediate: 200, leaf: 370 }));
  const { result, cause, fix } = await checkOf(configOf(`${url}/mcp`, { caFile }));
  assert.equal(result, 'fail');
  assert.equal(cause, 'certificate-not-yet-valid');
  assert.match(fix ?? '', /clock/);
});

test("certificates – the listener's own file and the client certificate – are read from their files", async (context) => {
  const chain = await makeChain({ root: 300, intermediate: 200, leaf: 3 });
  const folder = makeFolder(context);
  const [certFile, keyFile, caFile] = ['tls.crt', 'tls.key', 'ca.pem'].map((name) => join(folder, name));
  assert.ok(certFile !== undefined && keyFile !== undefined && caFile !== undefined);
  writeFileSync(certFile, chain.leaf + chain.intermediate);
  writeFileSync(keyFile, chain.key, { mode: 0o600 });
  writeFileSync(caFile, chain.root);
  const port = await freePort();
  const config = configSchema.parse({
    listen: { port, tls: { certFile, keyFile } },
    caFile,
    servers: {
      one: {
        authenticate: [{ strategy: 'anonymous' }],
        credential: {
          strategy: 'client-credentials',
          url: `https://localhost:${port}/token`,
          clientId: 'gateway',
          clientAuthentication: 'tls_client_auth',
          clientCertFile: certFile,
          clientKeyFile: keyFile,
          audience: ['backend'],
        },
        upstream: { strategy: 'http', url: 'http://127.0.0.1:1/mcp' },
      },
    },
  });
  const { result, evidence, fix } = await checkOf(config);
  assert.equal(result, 'warn', evidence);
  assert.match(evidence, /tls\.crt \(the gateway's own listener, what the gateway proves who it is by\): 3 days left/);
  assert.match(evidence, /\(the token endpoint, this gateway, as clients have it\): connection refused/);
  assert.match(fix ?? '', /Put a new certificate at .*tls\.crt; it is taken without a restart/);
});

test('certificates – a server nobody answers at – unknown, and why', async () => {
  const { result, evidence } = await checkOf(configOf(`https://localhost:${await freePort()}/mcp`));
  assert.equal(result, 'unknown');
  assert.match(evidence, /connection refused/);
});
