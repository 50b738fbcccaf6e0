import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { post } from '../kit/call.ts';
import { freePort } from '../kit/free-port.ts';
import { makeMachine } from '../kit/make-machine.ts';
import { until } from '../kit/until.ts';

/** Ends when it is told to, and says why. */
const crashing = `
require('node:http').createServer((request, response) => {
  let text = '';
  request.on('data', (data) => { text += data; }).on('end', () => {
    if (text.includes('crash')) { console.error('no database'); process.exit(7); }
    response.setHeader('content-type', 'application/json').end('{"jsonrpc":"2.0","id":1,"result":{}}');
  });
}).listen(process.argv[1], '127.0.0.1');
`;
const crash = '{"jsonrpc":"2.0","id":1,"method":"crash"}';

interface Life {
  readonly restarts: number;
  readonly recentEnds: number;
  readonly lastEnd?: { readonly at: string; readonly reason: string };
  readonly since?: string;
  readonly processes?: number;
}

async function runCrashing(context: TestContext) {
  const machine = makeMachine(context);
  const [port, targetPort] = [await freePort(), await freePort()];
  const settings = ['--anonymous', '--name', 'shaky', '--port', `${port}`, '--target-port', `${targetPort}`];
  const command = ['--', process.execPath, '-e', crashing, `${targetPort}`];
  const { code, stderr } = await machine.usher(['run', ...settings, ...command]);
  assert.equal(code, 0, stderr);
  const life = async () => ((await machine.look('shaky'))?.['health'] as { life?: Life } | undefined)?.life;
  return {
    machine,
    life,
    /** Ends it, and waits until it was started again for the nth time. */
    crash: async (nth: number): Promise<void> => {
      await (await post(`http://127.0.0.1:${port}/mcp`, undefined, crash)).text();
      await until(async () => {
        const now = await life();
        return now?.restarts === nth && now.since !== undefined;
      }, 20_000);
    },
  };
}

test('usher list, status – a command that ended once – say how often, when last and why, and that it is well', async (context) => {
  const { machine, life, crash: crashIt } = await runCrashing(context);
  assert.deepEqual({ ...(await life()), since: undefined }, { restarts: 0, recentEnds: 0, since: undefined });
  assert.match((await machine.usher(['list'])).stdout, /^shaky +running +0 +http/m);
  await crashIt(1);
  assert.match((await machine.usher(['list'])).stdout, /^shaky +running +1 \(\d+ s ago\) +http/m);
  const now = await life();
  assert.match(now?.lastEnd?.reason ?? '', /node: it exited with code 7$/);
  const { code, stdout } = await machine.usher(['status', 'shaky']);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /restarts +1, 1 of them in the last ten minutes, up since 20\S+Z \(\d+ s ago\)/);
  assert.match(stdout, /last end +20\S+Z \(\d+ s ago\): \S*node: it exited with code 7\n/);
});

test('usher list, status – a command that ends again and again – is unstable, and not well', async (context) => {
  const { machine, crash: crashIt } = await runCrashing(context);
  for (const nth of [1, 2, 3]) await crashIt(nth);
  const view = await machine.look('shaky');
  assert.deepEqual([view?.['state'], view?.['isWell'], view?.['ailment']], ['running', false, 'unstable']);
  assert.match((await machine.usher(['list'])).stdout, /^shaky +running, unstable +3 \(\d+ s ago\)/m);
  const { code, stdout } = await machine.usher(['status', 'shaky']);
  assert.equal(code, 1, stdout);
  assert.match(stdout, /state +running, unstable, started/);
});

test('usher list, status – a server over stdin and stdout whose process ended – say how many did, and why', async (context) => {
  const machine = makeMachine(context);
  const port = await freePort();
  const talking = `
    process.stdin.on('data', (data) => {
      const { id, method } = JSON.parse(String(data));
      if (method === 'initialize') process.exit(9);
      if (id !== undefined) console.log(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'no' } }));
    });
  `;
  const settings = ['--anonymous', '--name', 'talker', '--port', `${port}`, '--transport', 'stdio'];
  const run = await machine.usher(['run', ...settings, '--', process.execPath, '-e', talking]);
  assert.equal(run.code, 0, run.stderr);
  const hello = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  const first = { jsonrpc: '2.0', id: 1, method: 'initialize', params: hello };
  await (await post(`http://127.0.0.1:${port}/mcp`, undefined, first)).text();
  const life = async () => ((await machine.look('talker'))?.['health'] as { life?: Life } | undefined)?.life;
  await until(async () => (await life())?.restarts === 1);
  assert.match((await machine.usher(['list'])).stdout, /^talker +running +1 \(\d+ s ago\) +http/m);
  assert.match(
    (await machine.usher(['status', 'talker'])).stdout,
    /processes +0 processes now; 1 ended by themselves, 1 of them in the last ten minutes\n +last end +20\S+ \(\d+ s ago\): \S*node: it exited with code 9/,
  );
});
