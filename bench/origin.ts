// The MCP server of the benchmark: answers every call at once with the same small result, over bare sockets, so that
// the proxies and not the server behind them are measured.
import { createServer, type Socket } from 'node:net';
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

/** A stream that stays open: event after event, whenever the benchmark asks for one. */
const streamHead =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\ntransfer-encoding: chunked\r\n\r\n';
const streams = new Set<Socket>();
let events = 0;

let requests = 0;
let latestHead = '';

const server = createServer({ noDelay: true }, (socket) => {
  const reader = new MessageReader((head) => {
    requests += 1;
    latestHead = head;
    if (head.startsWith('GET ')) {
      streams.add(socket);
      socket.once('close', () => streams.delete(socket));
      socket.write(streamHead);
    } else socket.write(answer);
  });
  socket.on('data', (chunk) => reader.push(chunk));
  socket.on('error', () => socket.destroy());
});
const listening = new Promise<number>((resolve) => {
  server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
    const address = server.address();
    resolve(typeof address === 'object' && address !== null ? address.port : 0);
  });
});

answerQuestions({
  ready: async () => ({ port: await listening }),
  broadcast: () => {
    events += 1;
    const event = `id: ${events}\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{"data":${events}}}\n\n`;
    for (const socket of streams) socket.write(`${event.length.toString(16)}\r\n${event}\r\n`);
    return { streams: streams.size };
  },
  seen: () => ({ requests, authorization: /\r\nauthorization: *([^\r]*)/i.exec(latestHead)?.[1] ?? '' }),
});
