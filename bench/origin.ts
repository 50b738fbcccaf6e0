// The MCP server of the benchmark: answers every call at once with the same small result, over bare sockets, so that
// the proxies and not the server behind them are measured.
import { createServer } from 'node:net';
import { MessageReader } from './message-reader.ts';
import { answerQuestions } from './peer.ts';

const body = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  result: { content: [{ type: 'text', text: '{"country":{"name":"Iceland","capital":"Reykjavik"}}' }] },
});
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
);

let requests = 0;
let latestHead = '';

const server = createServer({ noDelay: true }, (socket) => {
  const reader = new MessageReader((head) => {
    requests += 1;
    latestHead = head;
    socket.write(answer);
  });
  socket.on('data', (chunk) => reader.push(chunk));
  socket.on('error', () => socket.destroy());
});
const listening = new Promise<number>((resolve) => {
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    resolve(typeof address === 'object' && address !== null ? address.port : 0);
  });
});

answerQuestions({
  ready: async () => ({ port: await listening }),
  seen: () => ({ requests, authorization: /\r\nauthorization: *([^\r]*)/i.exec(latestHead)?.[1] ?? '' }),
});
