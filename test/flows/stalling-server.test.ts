import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { post } from '../kit/call.ts';
import { startOpenGateway } from '../kit/start-open-gateway.ts';
import { startRawServer } from '../kit/start-raw-server.ts';

const event = 'data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n';
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';

/** Each piece as a segment of its own: without TCP_NODELAY all but the first wait for an acknowledgement. */
function writePieces(socket: Socket, pieces: readonly string[], isLast: boolean): void {
  const [first, ...others] = pieces;
  if (first === undefined) return void (isLast && socket.end());
  socket.write(first);
  setImmediate(() => writePieces(socket, others, isLast));
}

function startStalling(pieces: readonly string[]) {
  return startRawServer((socket, request) => {
    writePieces(socket, pieces, /^connection: close$/im.test(request.head));
  });
}

const answers = [
  ['its head and its body', [head, chunk(event) + chunk('')]],
  ['its head, an empty event and its body', [head, chunk('data:\n\n'), chunk(event) + chunk('')]],
] as const;

for (const [what, pieces] of answers) {
  test(
    `a server that writes ${what} one by one without TCP_NODELAY – after a few calls none stalls`,
    { skip: process.platform !== 'linux' },
    async () => {
      await using all = await startOpenGateway(await startStalling(pieces));
      const { seen } = all.upstream;
      const isFresh = () => /^connection: close$/im.test(seen.at(-1)?.head ?? '');
      const call = async () => (await post(all.gateway.mcpUrl, undefined)).text();
      // Some twelve on a quiet machine: every other one stalls, three arouse suspicion.
      for (let calls = 0; calls < 200 && !isFresh(); calls += 1) assert.ok((await call()).endsWith(event));
      const before = seen.length;
      for (let calls = 0; calls < 20; calls += 1) assert.ok((await call()).endsWith(event));
      assert.deepEqual(new Set(seen.slice(before).map(({ number }) => number)), new Set([1]));
      assert.equal(all.gateway.logged.filter((line) => line.includes('each call gets a new one')).length, 1);
    },
  );
}

test('a server that answers in one piece – its connection is used again and again', async () => {
  await using all = await startOpenGateway(await startStalling([head + chunk(event) + chunk('')]));
  for (let calls = 0; calls < 50; calls += 1) await (await post(all.gateway.mcpUrl, undefined)).text();
  assert.equal(all.upstream.seen.at(-1)?.number, 50);
});
