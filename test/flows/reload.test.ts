import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { post } from '../kit/call.ts';
import { Secret } from '../../src/model/secret.ts';
import { makeFolder } from '../kit/config-input.ts';
import { startUsher } from '../kit/run-usher.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { startIssuer } from '../kit/start-issuer.ts';
import { exchangingServer, startTestGateway } from '../kit/start-test-gateway.ts';
import { until } from '../kit/until.ts';

const anonymous = (url: string, path = '/mcp') => ({
  path,
  authenticate: [{ strategy: 'anonymous' as const }],
  upstream: { strategy: 'http' as const, url: `${url}/mcp` },
});

/** `usher serve` with a file that can be changed, in a process of its own. */
async function startServe(context: TestContext, servers: object, more: object = {}) {
  const folder = makeFolder(context);
  const file = join(folder, 'usher.json');
  await using free = await startHttpServer(() => {});
  const base = { listen: { port: free.port }, audit: { file: 'audit.jsonl' }, ...more };
  const write = (changed: object) => writeFileSync(file, JSON.stringify({ ...base, ...changed }));
  write({ servers });
  await free[Symbol.asyncDispose]();
  const usher = startUsher(context, ['serve', '-f', file]);
  let text = '';
  usher.stderr?.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  const url = `http://127.0.0.1:${free.port}`;
  await until(() =>
    fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  const count = (pattern: RegExp) => text.match(new RegExp(pattern, 'g'))?.length ?? 0;
  /** Sends SIGHUP, and waits until the log has an answer to it. */
  const reload = async (expected: RegExp) => {
    const before = count(expected);
    usher.kill('SIGHUP');
    await until(() => count(expected) > before);
  };
  return { usher, url, folder, write, reload, said: () => text };
}

const taken = /The configuration was reloaded/;
const refused = /The configuration was not reloaded/;

test('usher serve – callers all the time through several reloads – no call is lost, the file counts from then on', async (context) => {
  const upstreams = await Promise.all(
    ['one', 'two'].map((name) => startHttpServer((_, response) => sendJson(response, 200, { name }))),
  );
  context.after(() => Promise.all(upstreams.map((one) => one[Symbol.asyncDispose]())));
  const [one, two] = upstreams.map(({ url }) => url);
  const { url, write, reload } = await startServe(context, { apollo: anonymous(one ?? '') });
  const results: string[] = [];
  const over = new AbortController();
  const callers = Array.from({ length: 4 }, async () => {
    while (!over.signal.aborted) {
      const result = await post(`${url}/mcp`, undefined).then(
        async (response) => `${response.status} ${await response.text()}`,
        (error: unknown) => String(error),
      );
      results.push(result);
    }
  });
  for (const target of [two, one, two]) {
    const before = results.length;
    write({ servers: { apollo: anonymous(target ?? '') } });
    await reload(taken);
    await until(() => results.length > before + 20);
  }
  over.abort();
  await Promise.all(callers);
  const kinds = new Set(results);
  assert.deepEqual([...kinds].toSorted(), ['200 {"name":"one"}', '200 {"name":"two"}']);
  assert.equal(await (await post(`${url}/mcp`, undefined)).text(), '{"name":"two"}');
});

test('usher serve – a bad file, and one that needs a restart – refused with the reason, nothing changes', async (context) => {
  await using upstream = await startHttpServer((_, response) => sendJson(response, 200, {}));
  const { url, write, reload, said } = await startServe(context, { apollo: anonymous(upstream.url) });
  const isServed = async (path: string) => (await post(`${url}${path}`, undefined)).status;
  write({ servers: { apollo: anonymous(upstream.url, '/other') }, listn: {} });
  await reload(refused);
  assert.match(said(), /listn: is unknown; did you mean listen\?/);
  assert.deepEqual([await isServed('/mcp'), await isServed('/other')], [200, 404]);
  write({
    listen: { port: 1 },
    audit: { file: 'other.jsonl' },
    servers: {
      apollo: anonymous(upstream.url, '/other'),
      run: { ...anonymous('', '/run'), upstream: { strategy: 'process', command: ['s3cret'], targetPort: 9 } },
    },
  });
  await reload(refused);
  for (const what of ['listen.port', 'audit.file', 'servers.run.upstream (a command or container)'])
    assert.ok(said().includes(`${what} is another now: it takes a restart`), what);
  assert.ok(!said().includes('s3cret'));
  assert.deepEqual([await isServed('/mcp'), await isServed('/other')], [200, 404]);
  write({ servers: { apollo: anonymous(upstream.url, '/other') } });
  await reload(taken);
  assert.deepEqual([await isServed('/mcp'), await isServed('/other')], [404, 200]);
});

test('usher serve – the audit file renamed, then SIGHUP – new lines in a new file, none lost or divided', async (context) => {
  await using upstream = await startHttpServer((_, response) => sendJson(response, 200, {}));
  const { usher, url, folder, reload } = await startServe(context, { apollo: anonymous(upstream.url) });
  const [file, renamed] = [join(folder, 'audit.jsonl'), join(folder, 'audit.jsonl.1')];
  let calls = 0;
  const over = new AbortController();
  const caller = (async () => {
    for (; !over.signal.aborted; calls += 1) await (await post(`${url}/mcp`, undefined)).text();
  })();
  await until(() => calls > 10);
  renameSync(file, renamed);
  await reload(taken);
  await until(() => existsSync(file) && readFileSync(file, 'utf8').length > 0);
  over.abort();
  await caller;
  usher.kill('SIGTERM');
  await until(() => usher.exitCode !== null);
  assert.equal(usher.exitCode, 0);
  const lines = [renamed, file].flatMap((path) => readFileSync(path, 'utf8').trimEnd().split('\n'));
  const ids = lines.map((line): string => JSON.parse(line).id);
  assert.equal(new Set(ids).size, calls);
});

test('usher serve – the audit file cannot be opened again – said, and lines go on into the one that is open', async (context) => {
  await using upstream = await startHttpServer((_, response) => sendJson(response, 200, {}));
  const { url, folder, reload } = await startServe(context, { apollo: anonymous(upstream.url) });
  renameSync(join(folder, 'audit.jsonl'), join(folder, 'audit.jsonl.1'));
  mkdirSync(join(folder, 'audit.jsonl'));
  await reload(/Cannot open the audit trail again/);
  assert.equal((await post(`${url}/mcp`, undefined)).status, 200);
  await until(async () => (await readFile(join(folder, 'audit.jsonl.1'), 'utf8')).includes('"status":200'));
});

test('a reload – calls under way – end where they began; new ones go elsewhere', async () => {
  const finish = Promise.withResolvers<void>();
  await using one = await startHttpServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: one\n\n');
    void finish.promise.then(() => response.end('data: end\n\n'));
  });
  await using two = await startHttpServer((_, response) => sendJson(response, 200, 'two'));
  await using gateway = await startTestGateway({ apollo: anonymous(one.url) });
  const running = await post(gateway.mcpUrl, undefined);
  assert.equal(await gateway.reload(() => gateway.configure({ apollo: anonymous(two.url) })), true);
  assert.equal(await (await post(gateway.mcpUrl, undefined)).text(), '"two"');
  finish.resolve();
  assert.equal(await running.text(), 'data: one\n\ndata: end\n\n');
});

test('a reload – a server taken away – its path is gone, its metadata too, the other goes on', async () => {
  await using issuer = await startIssuer();
  await using upstream = await startHttpServer((_, response) => sendJson(response, 200, {}));
  const kept = exchangingServer(issuer, upstream, { path: '/kept' });
  const gone = exchangingServer(issuer, upstream, { path: '/gone' });
  await using gateway = await startTestGateway({ kept, gone });
  const statusOf = async (path: string) => (await fetch(`${gateway.url}${path}`)).status;
  const metadata = '/.well-known/oauth-protected-resource';
  assert.deepEqual([await statusOf('/gone'), await statusOf(`${metadata}/gone`)], [401, 200]);
  assert.equal(await gateway.reload(() => gateway.configure({ kept })), true);
  assert.deepEqual([await statusOf('/gone'), await statusOf(`${metadata}/gone`)], [404, 404]);
  assert.deepEqual([await statusOf('/kept'), await statusOf(`${metadata}/kept`)], [401, 200]);
});

test('a reload – issuer and exchange as they were, another policy – keys and exchanged tokens are kept, the policy counts', async () => {
  await using issuer = await startIssuer();
  await using upstream = await startHttpServer((_, response) => sendJson(response, 200, {}));
  await using gateway = await startTestGateway({ apollo: exchangingServer(issuer, upstream) });
  const callerToken = await issuer.sign();
  assert.equal((await post(gateway.mcpUrl, callerToken)).status, 200);
  const asked = () => [issuer.count('/oauth2/as1/v1/keys'), issuer.count('/oauth2/as1/v1/token')];
  assert.deepEqual(asked(), [1, 1]);
  const laxer = exchangingServer(issuer, upstream, { bodyLimitBytes: 2048 });
  assert.equal(await gateway.reload(() => gateway.configure({ apollo: laxer })), true);
  assert.equal((await post(gateway.mcpUrl, callerToken)).status, 200);
  assert.deepEqual(asked(), [1, 1]);
  const stricter = exchangingServer(issuer, upstream, { policy: { strategy: 'scopes', required: ['admin'] } });
  assert.equal(await gateway.reload(() => gateway.configure({ apollo: stricter })), true);
  assert.equal((await post(gateway.mcpUrl, callerToken)).status, 403);
  assert.deepEqual(asked(), [1, 1]);
});

test('a reload – another secret for the exchange – the provider is asked with it, no kept token is used', async () => {
  await using issuer = await startIssuer();
  await using upstream = await startHttpServer((_, response) => sendJson(response, 200, {}));
  const usual = exchangingServer(issuer, upstream);
  await using gateway = await startTestGateway({ apollo: usual });
  const callerToken = await issuer.sign();
  await post(gateway.mcpUrl, callerToken);
  const { credential } = usual;
  assert.ok(credential?.strategy === 'token-exchange');
  const changed = { ...usual, credential: { ...credential, clientSecret: new Secret('another-secret') } };
  assert.equal(await gateway.reload(() => gateway.configure({ apollo: changed })), true);
  assert.equal((await post(gateway.mcpUrl, callerToken)).status, 200);
  const last = issuer.server.seen.findLast(({ url }) => url.endsWith('/v1/token'));
  const basic = Buffer.from(String(last?.headers.authorization).replace('Basic ', ''), 'base64').toString();
  assert.equal(basic, '0oaGateway:another-secret');
  assert.ok(![...gateway.logged].join().includes('another-secret'));
});

test('a reload – while the gateway stops – changes nothing, and is not waited for', async () => {
  await using upstream = await startHttpServer((_, response) => sendJson(response, 200, {}));
  const gateway = await startTestGateway({ apollo: anonymous(upstream.url) });
  const closed = gateway.close();
  assert.equal(await gateway.reload(() => gateway.configure({ apollo: anonymous(upstream.url, '/other') })), false);
  await closed;
});
