import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { post } from '../kit/call.ts';
import { freePort } from '../kit/free-port.ts';
import { runApollo } from '../kit/run-apollo.ts';
import { startHttpServer } from '../kit/start-http-server.ts';

const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"GetCountry"}}';

test('usher update – a setting that can be taken over – is, in the process that runs', async (context) => {
  const { machine, url, pid } = await runApollo(context);
  const before = pid();
  const { code, stdout, stderr } = await machine.usher(['update', 'apollo', '--body-limit', '1024', '--group', 'work']);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, 'apollo has its new settings\n');
  assert.match(stderr, /apollo took them over while calls went on/);
  assert.equal(pid(), before);
  const long = JSON.stringify({ ...JSON.parse(body), params: { name: 'x'.repeat(2000) } });
  assert.equal((await post(url, undefined, long)).status, 413);
  assert.equal((await machine.look('apollo'))?.['group'], 'work');
  assert.match((await machine.usher(['export', 'apollo'])).stdout, /bodyLimitBytes: 1024/);
});

test('usher update – another port – restarts it there', async (context) => {
  const { machine, url, pid } = await runApollo(context);
  const before = pid();
  const port = await freePort();
  const { code, stderr } = await machine.usher(['update', 'apollo', '--port', `${port}`]);
  assert.equal(code, 0, stderr);
  assert.notEqual(pid(), before);
  assert.equal((await post(`http://localhost:${port}/mcp`, undefined, body)).status, 200);
  await assert.rejects(fetch(url));
});

test('usher update – a port that is taken – leaves it running as it was', async (context) => {
  const { machine, url } = await runApollo(context);
  const settings = machine.read('apollo', 'settings.yaml');
  await using other = await startHttpServer(() => {});
  const { code, stderr } = await machine.usher(['update', 'apollo', '--port', `${other.port}`]);
  assert.equal(code, 3, stderr);
  assert.match(stderr, /apollo was not changed: it has the settings it had/);
  assert.match(stderr, /Cannot start apollo: Cannot listen on .*: the port is in use/);
  assert.equal(machine.read('apollo', 'settings.yaml'), settings);
  assert.equal((await post(url, undefined, body)).status, 200);
});

test('usher update -f – an edited export – is what it goes on with; a broken one changes nothing', async (context) => {
  const { machine, url } = await runApollo(context);
  const { stdout } = await machine.usher(['export', 'apollo']);
  const file = join(machine.home, 'usher.yaml');
  await writeFile(file, stdout.replace('url: http://127.0.0.1', 'url: http://localhost'));
  assert.equal((await machine.usher(['update', 'apollo', '-f', file])).code, 0);
  assert.match((await machine.usher(['export', 'apollo'])).stdout, /url: http:\/\/localhost:\d+\/mcp/);
  assert.equal((await machine.look('apollo'))?.['isWell'], true);
  await writeFile(file, stdout.replace('upstream:', 'upsteam:'));
  const refused = await machine.usher(['update', 'apollo', '-f', file]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /usher\.yaml:\d+:\d+.*upsteam/);
  assert.equal((await post(url, undefined, body)).status, 200);
});

test('usher update --unset – what was set – holds by default again, while calls go on; what was not set is refused', async (context) => {
  const { machine, url, pid } = await runApollo(context, ['--body-limit', '1024', '--forward-headers', 'x-request-id']);
  const before = pid();
  const long = JSON.stringify({ ...JSON.parse(body), params: { name: 'x'.repeat(2000) } });
  assert.equal((await post(url, undefined, long)).status, 413);
  const { code, stderr } = await machine.usher(['update', 'apollo', '--unset', 'body-limit']);
  assert.equal(code, 0, stderr);
  assert.equal(pid(), before);
  assert.equal((await post(url, undefined, long)).status, 200);
  const exported = (await machine.usher(['export', 'apollo'])).stdout;
  assert.doesNotMatch(exported, /bodyLimitBytes/);
  assert.match(exported, /x-request-id/);
  const again = await machine.usher(['update', 'apollo', '--unset', 'body-limit']);
  assert.equal(again.code, 2);
  assert.match(again.stderr, /--unset: names body-limit, which is not set/);
  const both = await machine.usher(['update', 'apollo', '--unset', 'forward-headers', '--forward-headers', 'x-other']);
  assert.match(both.stderr, /--unset: names forward-headers, which is given as well; keep one of them/);
  const needed = await machine.usher(['update', 'apollo', '--unset', 'anonymous']);
  assert.equal(needed.code, 2);
  assert.match(needed.stderr, /nothing says who may call/);
  assert.equal((await machine.usher(['export', 'apollo'])).stdout, exported);
});
