import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { post } from '../kit/call.ts';
import { makeAuthority } from '../kit/make-certificate.ts';
import { startTestGateway } from '../kit/start-test-gateway.ts';
import { callModern, textOf } from '../kit/stdio-client.ts';
import {
  askEngine,
  containedStdioServer,
  findBridge,
  listContainers,
  listNetworks,
  nodeImage,
  skip,
  startContainerGateway,
} from '../kit/test-engine.ts';
import { until } from '../kit/until.ts';

/** Does what it is told, and says how that went. */
const server = `
const { connect } = require('node:net');
const { Resolver } = require('node:dns/promises');
const { createSocket } = require('node:dgram');
const acts = {
  // Not fetch(), which says of a proxy that refuses only that the request was cancelled.
  get: ({ url }) => new Promise((resolve) => {
    const sent = require(url.startsWith('https') ? 'node:https' : 'node:http').get(url, { timeout: 4000 }, async (answer) => {
      let text = '';
      for await (const part of answer) text += part;
      resolve(answer.statusCode + ' ' + text);
    });
    sent.on('error', (error) => resolve(error.code + ' ' + error.message)).on('timeout', () => sent.destroy(new Error('timeout')));
  }),
  connect: ({ host, port }) => new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 }, () => resolve('connected'));
    socket.on('error', ({ code }) => resolve(code)).on('timeout', () => resolve('timeout'));
  }),
  look: ({ name }) => new Resolver({ timeout: 1500, tries: 1 }).resolve4(name).then(String, ({ code }) => code),
  ask: ({ host }) => new Promise((resolve) => createSocket('udp4').send('question', 53, host, (error) => resolve(error?.code ?? 'sent'))),
  env: ({ name }) => process.env[name] ?? '',
};
require('node:http').createServer((request, response) => {
  let text = '';
  request.on('data', (data) => { text += data; }).on('end', async () => {
    const { method, params } = JSON.parse(text || '{}');
    const result = await acts[method]?.(params) ?? 'here';
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ jsonrpc: '2.0', id: 1, result }));
  });
}).listen(8000, '0.0.0.0');
`;

async function start(context: TestContext, name: string, more: Record<string, unknown>) {
  const gateway = await startContainerGateway(name, {
    image: nodeImage,
    args: ['-e', server],
    targetPort: 8000,
    ...more,
  });
  context.after(() => gateway.close());
  const call = async (method: string, params = {}) => {
    const answer = await post(gateway.mcpUrl, undefined, { jsonrpc: '2.0', id: 1, method, params });
    const body: { result?: unknown } = JSON.parse(await answer.text());
    return String(body.result);
  };
  return { gateway, call, logged: () => gateway.logged.join('\n') };
}

/** A server that says that it was reached. */
async function startApi(
  context: TestContext,
  host: string,
  tls?: { readonly cert: string; readonly key: string },
): Promise<number> {
  const answer = (_: unknown, response: { end(text: string): void }) => response.end('reached');
  const api = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
  api.listen(0, host);
  await once(api, 'listening');
  context.after(() => {
    api.closeAllConnections();
    api.close();
  });
  const address = api.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test(
  'hosts on a list – are reached by HTTP and HTTPS; another is refused, and the log says how to allow it',
  { skip },
  async (context) => {
    const bridge = await findBridge(context);
    const { certificate: cert, key } = await (await makeAuthority()).issue();
    const [open, secure, other] = [
      await startApi(context, bridge),
      await startApi(context, bridge, { cert, key }),
      await startApi(context, bridge),
    ];
    const { call, logged } = await start(context, 'listed', {
      allowHosts: [`${bridge}:${open}`, `${bridge}:${secure}`],
      // The certificate is for another name; what counts here is the way there.
      env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
    });
    assert.equal(await call('get', { url: `http://${bridge}:${open}/` }), '200 reached');
    assert.equal(await call('get', { url: `https://${bridge}:${secure}/` }), '200 reached');
    assert.match(await call('get', { url: `http://${bridge}:${other}/` }), /403/);
    assert.match(
      logged(),
      new RegExp(
        `A container was refused a connection .*"wanted":"${bridge}:${other}".*--allow-host ${bridge}:${other}`,
      ),
    );
  },
);

test('a profile in a file that names a host and a port – is kept to', { skip }, async (context) => {
  const port = await startApi(context, '127.0.0.1');
  const folder = mkdtempSync(join(tmpdir(), 'usher-profile-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const profile = join(folder, 'profile.json');
  writeFileSync(
    profile,
    JSON.stringify({ network: { outbound: { allow_host: ['host.docker.internal'], allow_port: [port] } } }),
  );
  const { call } = await start(context, 'profiled', { profile });
  assert.equal(
    await call('get', { url: `http://host.docker.internal:${port}/` }),
    '200 reached',
    'what listens on the loopback address of this machine',
  );
  assert.match(await call('get', { url: 'http://host.docker.internal:8/' }), /403/);
});

test('a connection past the proxy – comes to nothing, whoever it is to', { skip }, async (context) => {
  const bridge = await findBridge(context);
  const port = await startApi(context, bridge);
  const open = await start(context, 'past-open', {});
  assert.equal(await open.call('connect', { host: bridge, port }), 'connected', 'the same without a list');
  const { call } = await start(context, 'past', { allowHosts: [`${bridge}:${port}`] });
  for (const host of [bridge, '1.1.1.1', '169.254.169.254'])
    assert.match(
      await call('connect', { host, port: host === bridge ? port : 443 }),
      /ENETUNREACH|EHOSTUNREACH|timeout/,
      host,
    );
});

test(
  'a question for a name – leaves neither a container with a list nor one with profile none',
  { skip },
  async (context) => {
    const questions: string[] = [];
    const dns = createSocket('udp4', (message) => questions.push(message.toString('latin1')));
    const bridge = await findBridge(context);
    dns.bind(53, bridge);
    await once(dns, 'listening');
    context.after(() => dns.close());
    const open = await start(context, 'asks-open', {});
    await open.call('ask', { host: bridge });
    await until(() => questions.length === 1);
    for (const [name, more] of [
      ['asks-listed', { allowHosts: ['api.example.com'] }],
      ['asks-none', { profile: 'none' }],
    ] as const) {
      const { call } = await start(context, name, more);
      assert.match(await call('look', { name: 'secret.example.com' }), /ECONNREFUSED|ESERVFAIL|ETIMEOUT|EREFUSED/);
      await call('ask', { host: bridge });
      const [container] = await listContainers(name);
      type Inspected = { HostConfig: { Dns: string[] } };
      const { body } = await askEngine<Inspected>('GET', `/containers/${container?.Id}/json`);
      assert.deepEqual(body.HostConfig.Dns, ['127.0.0.1'], 'whom the engine asks for it: nobody');
    }
    assert.equal(questions.length, 1, questions.join());
  },
);

test("another server's container – may not use the proxy, whose address it can guess", { skip }, async (context) => {
  const port = await startApi(context, '127.0.0.1');
  const listed = await start(context, 'owner', { allowHosts: [`host.docker.internal:${port}`] });
  const proxy = new URL(await listed.call('env', { name: 'HTTP_PROXY' }));
  assert.match(proxy.password, /^[\w-]{32}$/);
  const other = await start(context, 'stranger', {});
  const answer = await other.call('get', { url: `http://${proxy.host}/` });
  assert.match(answer, /407|ENETUNREACH|EHOSTUNREACH|timeout/);
  const [network] = await listNetworks('owner');
  await listed.gateway.close();
  assert.ok(network !== undefined);
  assert.deepEqual(await listNetworks('owner'), []);
  await assert.rejects(fetch(`http://${proxy.host}/`), 'the proxy went with it');
});

test(
  'a server over stdin and stdout – is held to its list as well, each container with a token of its own',
  { skip },
  async (context) => {
    const port = await startApi(context, '127.0.0.1');
    const { upstream } = await containedStdioServer(context, 'modern');
    const gateway = await startTestGateway({
      'streams-listed': {
        authenticate: [{ strategy: 'anonymous' }],
        upstream: { ...upstream, transport: 'stdio', allowHosts: [`host.docker.internal:${port}`] },
      },
    });
    context.after(() => gateway.close());
    const call = async (url: string) =>
      textOf(await (await callModern(gateway.mcpUrl, 'fetch', { args: { url } })).json());
    assert.equal(await call(`http://host.docker.internal:${port}/`), 'reached');
    assert.match(await call('http://api.example.com/'), /Request was cancelled/);
    assert.match(gateway.logged.join('\n'), /refused a connection .*"wanted":"api\.example\.com:80"/);
    await gateway.close();
    assert.deepEqual([await listContainers('streams-listed'), await listNetworks('streams-listed')], [[], []]);
  },
);

test('a list of hosts, and a network of the engine – refused', { skip }, async () => {
  const upstream = { image: nodeImage, targetPort: 8000, allowHosts: ['a.example'], network: 'bridge' };
  await assert.rejects(
    startContainerGateway('both-lists', upstream),
    /--allow-host lets it reach some hosts only, and --network is given as well/,
  );
});
