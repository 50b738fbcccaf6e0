import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { collectLog } from '../../../test/kit/collect-log.ts';
import { EgressProxy } from './egress-proxy.ts';
import { parseEgressRules } from './egress-rules.ts';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server on the loopback address that says what it was asked. */
async function startApi(context: TestContext) {
  const seen: Seen[] = [];
  const api = createServer((asked, response) => {
    let body = '';
    asked.setEncoding('utf8').on('data', (part: string) => (body += part));
    asked.once('end', () => {
      seen.push({ method: asked.method ?? '', url: asked.url ?? '', headers: asked.headers, body });
      response.setHeader('x-from', 'api').setHeader('set-cookie', ['a=1', 'b=2']).end(`reached ${body}`);
    });
  });
  api.listen(0, '127.0.0.1');
  await once(api, 'listening');
  context.after(() => {
    api.closeAllConnections();
    api.close();
  });
  const address = api.address();
  return { seen, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

/** A proxy on the loopback address with these rules, and one who may use it. */
async function startProxy(
  context: TestContext,
  hosts: readonly string[],
  names: Record<string, readonly string[]> = {},
) {
  const rules = parseEgressRules(hosts, []);
  assert.ok(!('problem' in rules));
  const { log, logged } = collectLog();
  const looked: string[] = [];
  const resolve = (name: string): Promise<readonly string[]> => {
    looked.push(name);
    const found = names[name];
    return found === undefined ? Promise.reject(new Error(`no such host ${name}`)) : Promise.resolve(found);
  };
  const proxy = new EgressProxy({ server: 'tested', rules, log, host: '127.0.0.1', resolve });
  await proxy.listen();
  context.after(() => proxy[Symbol.asyncDispose]());
  const { env, dismiss } = proxy.admit();
  const url = new URL(env['HTTP_PROXY'] ?? '');
  const authorization = `Basic ${Buffer.from(`${url.username}:${url.password}`).toString('base64')}`;
  return { proxy, env, dismiss, logged, looked, port: Number(url.port), authorization };
}

type Proxy = Awaited<ReturnType<typeof startProxy>>;

async function get(
  { port, authorization }: Proxy,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
) {
  const sent = request({
    host: '127.0.0.1',
    port,
    path,
    method: options.method ?? 'GET',
    headers: { 'proxy-authorization': authorization, host: 'another.example', ...options.headers },
  });
  sent.end(options.body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const part of answer) text += String(part);
  return { status: answer.statusCode, headers: answer.headers, text };
}

/** The status of CONNECT, and the connection. */
async function tunnel(
  { port, authorization }: Proxy,
  target: string,
  token: string | undefined = authorization,
): Promise<{ status: number; socket: Socket; text: string }> {
  const socket = connect(port, '127.0.0.1');
  const proof = token === undefined ? '' : `Proxy-Authorization: ${token}\r\n`;
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${proof}\r\n`);
  const [first] = (await once(socket, 'data')) as [Buffer];
  const text = first.toString();
  return { status: Number(text.split(' ')[1]), socket, text };
}

test('CONNECT to a host on the list – bytes go both ways', async (context) => {
  const api = await startApi(context);
  const proxy = await startProxy(context, ['api.test', '127.0.0.1'], { 'api.test': ['127.0.0.1'] });
  const { status, socket } = await tunnel(proxy, `API.test.:${api.port}`);
  assert.equal(status, 200);
  socket.write('GET /within HTTP/1.1\r\nHost: api.test\r\nConnection: close\r\n\r\n');
  let text = '';
  for await (const part of socket) text += String(part);
  assert.match(text, /reached/);
  assert.equal(api.seen[0]?.url, '/within');
});

test('a whole URL of a host on the list – its answer, and no word between client and proxy goes on', async (context) => {
  const api = await startApi(context);
  const proxy = await startProxy(context, ['api.test', '127.0.0.1'], { 'api.test': ['127.0.0.1'] });
  const headers = { connection: 'x-hop', 'x-hop': '1', 'x-own': '2' };
  const answer = await get(proxy, `http://api.test:${api.port}/path?q=1`, { method: 'POST', headers, body: 'body' });
  assert.deepEqual([answer.status, answer.text, answer.headers['set-cookie']], [200, 'reached body', ['a=1', 'b=2']]);
  const [seen] = api.seen;
  assert.deepEqual([seen?.method, seen?.url, seen?.headers.host], ['POST', '/path?q=1', `api.test:${api.port}`]);
  assert.deepEqual(
    [seen?.headers['proxy-authorization'], seen?.headers['x-hop'], seen?.headers['x-own']],
    [undefined, undefined, '2'],
  );
});

test('a host that is not on the list – 403 both ways, nobody is asked for its address, and the log says how to allow it', async (context) => {
  const api = await startApi(context);
  const proxy = await startProxy(context, ['api.test', '127.0.0.1:1'], { 'other.test': ['127.0.0.1'] });
  assert.equal((await tunnel(proxy, `other.test:${api.port}`)).status, 403);
  assert.equal((await get(proxy, `http://other.test:${api.port}/`)).status, 403);
  assert.deepEqual([api.seen, proxy.looked], [[], []]);
  const warnings = proxy.logged.filter((line) => line.startsWith('warn:'));
  assert.equal(warnings.length, 1, 'each host once');
  assert.match(
    warnings[0] ?? '',
    new RegExp(`"server":"tested","wanted":"other.test:${api.port}".*--allow-host other.test:${api.port}`),
  );
});

for (const address of ['127.0.0.1', '::1', '169.254.169.254', '10.0.0.1', '::ffff:127.0.0.1']) {
  test(`a host on the list that is at ${address} – 403: that is not of the Internet`, async (context) => {
    const api = await startApi(context);
    const proxy = await startProxy(context, ['api.test'], { 'api.test': [address] });
    assert.equal((await tunnel(proxy, `api.test:${api.port}`)).status, 403);
    assert.deepEqual(api.seen, []);
    assert.match(proxy.logged.join('\n'), /which is not of the Internet, and not named as an address/);
  });
}

test('a name that means another address the next time – is looked up once, and called where it was', async (context) => {
  const api = await startApi(context);
  const answers: (readonly string[])[] = [['127.0.0.1'], ['127.0.0.2']];
  const names = {
    get 'api.test'() {
      return answers.shift() ?? [];
    },
  };
  const proxy = await startProxy(context, ['api.test', '127.0.0.1'], names);
  assert.equal((await get(proxy, `http://api.test:${api.port}/`)).status, 200);
  assert.deepEqual(proxy.looked, ['api.test']);
});

for (const target of ['127.0.0.1', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', 'localhost']) {
  test(`${target}, which is not named – 403`, async (context) => {
    const api = await startApi(context);
    const proxy = await startProxy(context, ['.test'], { localhost: ['127.0.0.1'] });
    assert.equal((await tunnel(proxy, `${target}:${api.port}`)).status, 403);
    assert.deepEqual(api.seen, []);
  });
}

test('this machine, named with its port – is reached at its loopback address, at no other port', async (context) => {
  const api = await startApi(context);
  const proxy = await startProxy(context, [`host.docker.internal:${api.port}`]);
  assert.equal((await get(proxy, `http://host.docker.internal:${api.port}/`)).text, 'reached ');
  assert.equal((await tunnel(proxy, 'host.docker.internal:1')).status, 403);
});

test('whoever has no token, a wrong one, or that of a container that is gone – 407, whatever is asked for', async (context) => {
  const api = await startApi(context);
  const proxy = await startProxy(context, [`127.0.0.1:${api.port}`]);
  const target = `127.0.0.1:${api.port}`;
  const wrong = `Basic ${Buffer.from('usher:wrong').toString('base64')}`;
  for (const token of ['', wrong, 'Bearer x', 'Basic !!']) {
    const { status, text } = await tunnel(proxy, target, token);
    assert.equal(status, 407, token);
    assert.match(text, /proxy-authenticate: Basic/i);
  }
  assert.equal((await get(proxy, 'http://unlisted.test/', { headers: { 'proxy-authorization': wrong } })).status, 407);
  assert.equal((await tunnel(proxy, target)).status, 200);
  proxy.dismiss();
  assert.equal((await tunnel(proxy, target)).status, 407);
  assert.deepEqual(api.seen, []);
});

for (const path of [
  '/',
  '/etc/passwd',
  'https://api.test/',
  'ftp://api.test/',
  'http://user:password@api.test/',
  'http://',
]) {
  test(`a request for ${path} – 400`, async (context) => {
    const proxy = await startProxy(context, ['api.test'], { 'api.test': ['127.0.0.1'] });
    assert.equal((await get(proxy, path)).status, 400);
  });
}

for (const target of ['api.test', 'api.test:0', 'api.test:99999', 'http://api.test:80', 'a@api.test:80', ':80']) {
  test(`CONNECT ${target} – 400`, async (context) => {
    const proxy = await startProxy(context, ['api.test'], { 'api.test': ['127.0.0.1'] });
    assert.equal((await tunnel(proxy, target)).status, 400);
  });
}

test('a host on the list that is not there, or that nobody knows – 502', async (context) => {
  const proxy = await startProxy(context, ['api.test', 'gone.test', '127.0.0.1'], { 'api.test': ['127.0.0.1'] });
  assert.equal((await tunnel(proxy, 'api.test:1')).status, 502);
  assert.equal((await get(proxy, 'http://api.test:1/')).status, 502);
  assert.equal((await tunnel(proxy, 'gone.test:443')).status, 502);
});

for (const [what, answer, status] of [
  ['a status that is none', 'HTTP/1.1 099 Odd\r\ncontent-length: 0\r\n\r\n', 502],
  ['a reason of control characters', 'HTTP/1.1 200 \u0001\u0007\r\ncontent-length: 0\r\n\r\n', 200],
  ['no HTTP at all', 'hello\r\n\r\n', 502],
  ['a change of protocol', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n', 502],
] as const) {
  test(`a listed host that answers with ${what} – ${status}, and the proxy goes on`, async (context) => {
    const odd = createTcpServer((socket) => socket.once('data', () => socket.end(answer)).on('error', () => {}));
    odd.listen(0, '127.0.0.1');
    await once(odd, 'listening');
    context.after(() => odd.close());
    const address = odd.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const proxy = await startProxy(context, [`127.0.0.1:${port}`]);
    for (let tries = 0; tries < 2; tries += 1)
      assert.equal((await get(proxy, `http://127.0.0.1:${port}/`)).status, status);
  });
}

test('a proxy that is disposed of – cuts what goes through it', async (context) => {
  const api = await startApi(context);
  const proxy = await startProxy(context, [`127.0.0.1:${api.port}`]);
  const { socket } = await tunnel(proxy, `127.0.0.1:${api.port}`);
  const closed = once(socket, 'close');
  await proxy.proxy[Symbol.asyncDispose]();
  await closed;
});

test('many hosts that are made up – fill neither log nor memory', async (context) => {
  const proxy = await startProxy(context, ['api.test']);
  for (let index = 0; index < 260; index += 1) assert.equal((await tunnel(proxy, `n${index}.test:443`)).status, 403);
  assert.equal(proxy.logged.filter((line) => line.startsWith('warn:')).length, 200);
});
