import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { test, type TestContext } from 'node:test';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { toolCall } from '../kit/call.ts';
import { flag, jwt, makeFolder, problems, target, writeText } from '../kit/config-input.ts';
import { makeAuthority, writePair } from '../kit/make-certificate.ts';
import { sendJson, startHttpServer, type Respond } from '../kit/start-http-server.ts';
import { startTestGateway } from '../kit/start-test-gateway.ts';
import { until } from '../kit/until.ts';

/** A gateway with a certificate of its own authority, and the files it reads it from. */
async function startSecure(context: TestContext, respond: Respond = (_, response) => sendJson(response, 200, {})) {
  const authority = await makeAuthority();
  const tls = writePair(makeFolder(context), await authority.issue());
  const upstream = await startHttpServer(respond);
  context.after(() => upstream[Symbol.asyncDispose]());
  const servers = {
    apollo: {
      authenticate: [{ strategy: 'anonymous' as const }],
      upstream: { strategy: 'http' as const, url: `${upstream.url}/mcp` },
    },
  };
  const gateway = await startTestGateway(servers, {
    certificatePollMs: 20,
    config: { listen: { port: 0, tls } },
  });
  context.after(() => gateway.close());
  const handshake = async (options: ConnectionOptions = {}): Promise<TLSSocket> => {
    const socket = connect({ port: gateway.port, host: '127.0.0.1', ca: authority.ca, ...options });
    context.after(() => socket.destroy());
    await once(socket, 'secureConnect');
    return socket;
  };
  const serial = async (): Promise<string> => (await handshake()).getPeerCertificate().serialNumber;
  return { authority, tls, gateway, servers, handshake, serial };
}

function post(url: string, ca: string, agent?: Agent): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const sent = request(url, { method: 'POST', ca, headers, ...(agent === undefined ? {} : { agent }) }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      answer.on('end', () => resolve({ status: answer.statusCode, text }));
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(JSON.stringify(toolCall()));
  });
}

test('a gateway with a certificate – a call over https – answered; every address it tells is https', async (context) => {
  const { authority, gateway } = await startSecure(context);
  assert.match(gateway.url, /^https:/);
  assert.match(gateway.servers[0]?.resourceUrl ?? '', /^https:\/\/localhost:\d+\/mcp$/);
  assert.equal((await post(gateway.mcpUrl, authority.ca)).status, 200);
  const [record] = await gateway.records();
  assert.equal(record?.from, '127.0.0.1');
});

test('a gateway with a certificate – TLS 1.1, and plain http – refused, and others are served on', async (context) => {
  const { authority, gateway, handshake } = await startSecure(context);
  await assert.rejects(handshake({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }));
  const plain = connectPlain(gateway.port, '127.0.0.1', () => plain.write('GET /health HTTP/1.1\r\nhost: x\r\n\r\n'));
  plain.on('error', () => {});
  await once(plain.resume(), 'close');
  assert.equal((await handshake({ ALPNProtocols: ['h2', 'http/1.1'] })).alpnProtocol, 'http/1.1');
  assert.equal((await post(gateway.mcpUrl, authority.ca)).status, 200);
  assert.equal((await gateway.records()).length, 1, 'what was no request is not on record');
});

test('a gateway with a certificate – bytes over TLS that are no request – 400 over TLS, and on record', async (context) => {
  const { gateway, handshake } = await startSecure(context);
  const socket = await handshake();
  socket.write('nonsense\r\n\r\n');
  let text = '';
  for await (const piece of socket.setEncoding('utf8')) text += piece;
  assert.match(text, /^HTTP\/1\.1 400 /);
  const [record] = await gateway.records();
  assert.deepEqual([record?.code, record?.from], ['request_malformed', '127.0.0.1']);
});

test('a new certificate in its files – while an answer is under way – new connections get it, the answer ends', async (context) => {
  const finish = Promise.withResolvers<void>();
  const { authority, tls, gateway, serial } = await startSecure(context, (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    void finish.promise.then(() => response.end('data: 2\n\n'));
  });
  const agent = new Agent({ keepAlive: true });
  const before = await serial();
  const answer = post(gateway.mcpUrl, authority.ca, agent);
  writePair(tls.certFile.replace(/\/[^/]*$/, ''), await authority.issue());
  await until(async () => (await serial()) !== before);
  finish.resolve();
  assert.deepEqual(await answer, { status: 200, text: 'data: 1\n\ndata: 2\n\n' });
  agent.destroy();
});

test('a broken certificate in its file – refused, said once, the old one stays; a good one is taken then', async (context) => {
  const { authority, tls, gateway, serial } = await startSecure(context);
  const before = await serial();
  const complaints = () => gateway.logged.filter((line) => line.includes('Cannot use the new certificate'));
  writeFileSync(tls.certFile, 'broken');
  await until(() => complaints().length > 0);
  assert.match(complaints()[0] ?? '', /^error: .*tls\.crt, which is no certificate/);
  assert.equal(await serial(), before);
  const next = await authority.issue();
  writeFileSync(tls.certFile, next.certificate); // still the old key
  await until(() => complaints().length > 1);
  assert.match(complaints()[1] ?? '', /tls\.key, which is not the private key of the certificate/);
  assert.equal(await serial(), before);
  writeFileSync(tls.keyFile, next.key);
  await until(async () => (await serial()) !== before);
  assert.equal(complaints().length, 2);
});

test('a reload – a new certificate – taken at once', async (context) => {
  const { authority, gateway, tls, servers, serial } = await startSecure(context);
  const before = await serial();
  const other = writePair(makeFolder(context), await authority.issue());
  assert.equal(await gateway.reload(() => gateway.configure(servers, { listen: { port: 0, tls: other } })), true);
  assert.notEqual(await serial(), before);
  assert.equal(await gateway.reload(() => gateway.configure(servers, { listen: { port: 0, tls } })), true);
  assert.equal(await serial(), before);
});

test('certificate and key – one of them, missing, broken, of another – all problems at once with their place', async (context) => {
  const authority = await makeAuthority();
  const [one, other] = [makeFolder(context), makeFolder(context)].map((folder) => folder);
  const first = writePair(one ?? '', await authority.issue());
  const second = writePair(other ?? '', await authority.issue());
  const withTls = (cert?: string, key?: string) =>
    problems([
      ...jwt,
      target,
      ...(cert === undefined ? [] : [flag('tls-cert', cert)]),
      ...(key === undefined ? [] : [flag('tls-key', key)]),
    ]);
  assert.deepEqual(withTls(first.certFile, first.keyFile), []);
  assert.match(withTls(first.certFile).join(), /^--tls-key: is missing, but --tls-cert is given/);
  assert.match(withTls(undefined, first.keyFile).join(), /^--tls-cert: is missing, but --tls-key is given/);
  assert.match(
    withTls(first.certFile, second.keyFile).join(),
    /^--tls-key: .*is not the private key of the certificate$/,
  );
  const both = withTls('/no/such.crt', writeText(context, 'empty.key', ''));
  assert.equal(both.length, 2);
  assert.match(both[0] ?? '', /^--tls-cert: is "\/no\/such.crt", which cannot be read: no such file/);
  assert.match(both[1] ?? '', /^--tls-key: .*is no private key/);
});
