import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import Pool from 'undici/lib/dispatcher/pool.js';
import { sendMessage } from './send-message.ts';

test('a server whose answer to a message never ends – has the message, and its connection is closed', async (context) => {
  const closed = Promise.withResolvers<void>();
  const server = createServer((_, response) => {
    const timer = setInterval(() => response.write('x'.repeat(16 * 1024)), 5);
    response.once('close', () => {
      clearInterval(timer);
      closed.resolve();
    });
    response.writeHead(202);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/messages`);
  const pool = new Pool(url.origin, { bodyTimeout: 0 });
  context.after(async () => {
    await pool.destroy();
    server.closeAllConnections();
    server.close();
  });
  const sent = await sendMessage(pool, { url, headers: [], body: Buffer.from('{}'), target: url.href });
  assert.equal(sent, undefined);
  await closed.promise;
});
