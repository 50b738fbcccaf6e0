import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { collectLog } from '../../../test/kit/collect-log.ts';
import { until } from '../../../test/kit/until.ts';
import { buildHttpUpstream } from './build-http-upstream.ts';

/** Listens, and then never accepts: once its queue is full, nobody answers to those who connect. */
const deaf = `
const server = require('node:net').createServer();
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  require('node:fs').writeSync(1, server.address().port + '\\n');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
`;

async function startDeaf(context: TestContext): Promise<number> {
  const child = spawn(process.execPath, ['-e', deaf], { stdio: ['ignore', 'pipe', 'inherit'] });
  context.after(() => child.kill('SIGKILL'));
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(text.toString());
  const sockets: Socket[] = [];
  context.after(() => sockets.forEach((socket) => socket.destroy()));
  for (let isFull = false; !isFull;) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    sockets.push(socket);
    isFull = (await Promise.race([once(socket, 'connect'), sleep(300)])) === undefined;
  }
  return port;
}

test(
  'a server that nobody answers for – the first calls wait for the time limit, later ones fail at once',
  { skip: process.platform !== 'linux' },
  async (context) => {
    const port = await startDeaf(context);
    const { log, logged } = collectLog();
    const upstream = buildHttpUpstream({
      url: `http://127.0.0.1:${port}/mcp`,
      answerTimeoutMs: 60_000,
      connectTimeoutMs: 900,
      log,
    });
    context.after(() => upstream.close());
    const call = async () => {
      const startedAtMs = performance.now();
      const error = await new Promise<Error>((resolve) => {
        upstream.send(
          {
            method: 'POST',
            query: '',
            headers: [],
            body: Buffer.from('{}'),
            user: { principal: '', claims: {}, credential: undefined },
          },
          { onHead: () => assert.fail('answered'), onData: () => {}, onEnd: () => {}, onError: resolve },
        );
      });
      assert.equal('code' in error ? error.code : undefined, 'UND_ERR_CONNECT_TIMEOUT');
      return performance.now() - startedAtMs;
    };
    assert.ok((await call()) > 500);
    const later = await Promise.all(Array.from({ length: 50 }, call));
    // Not even on a busy machine more than the one that tries again.
    const slow = later.filter((tookMs) => tookMs > 500);
    assert.ok(slow.length <= 1, `these took ${slow.join(', ')} ms`);
    await until(() => logged.length === 1);
    assert.match(logged[0] ?? '', /cannot be reached .*connecting timed out/);
  },
);
