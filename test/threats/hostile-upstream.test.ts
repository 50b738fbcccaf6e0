import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { post } from '../kit/call.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';

/** What a server behind can answer that no server should: an error for the one who asked, and nothing for the next. */
let answer: string | Buffer = '';
const lab = await startTokenLab({ respond: (_, response) => void response.socket?.end(answer) });
after(() => lab[Symbol.asyncDispose]());
const secret = 'words-of-the-server-behind';

const heads: readonly (readonly [name: string, bytes: string])[] = [
  ['status 000', 'HTTP/1.1 000 X\r\ncontent-length: 0\r\n\r\n'],
  ['status 099', 'HTTP/1.1 099 X\r\ncontent-length: 0\r\n\r\n'],
  ['status 1000', 'HTTP/1.1 1000 X\r\ncontent-length: 0\r\n\r\n'],
  ['status -1', 'HTTP/1.1 -1 X\r\ncontent-length: 0\r\n\r\n'],
  [
    '101 and another protocol',
    `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n${secret}`,
  ],
  ['interim answers and then nothing', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(50)],
  ['640 KB of headers', `HTTP/1.1 200 OK\r\n${`x-a: ${'y'.repeat(1000)}\r\n`.repeat(640)}\r\n`],
  ['a length and chunks', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a length that is none', 'HTTP/1.1 200 OK\r\ncontent-length: 0x2\r\n\r\n{}'],
  ['a header without a name', 'HTTP/1.1 200 OK\r\n: a\r\ncontent-length: 2\r\n\r\n{}'],
  ['HTTP/2 without asking', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['half a head', 'HTTP/1.1 200 OK\r\ncontent-le'],
];
for (const [name, bytes] of heads) {
  test(`a server behind that answers with ${name} – 502 without its words, and the next call works`, async () => {
    answer = bytes;
    const response = await post(lab.gateway.mcpUrl, lab.token());
    const text = await response.text();
    assert.equal(response.status, 502, text);
    assert.match(text, /"code":"upstream_(?:failed|unreachable)"/);
    assert.ok(!text.includes(secret));
    answer = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}';
    assert.equal((await post(lab.gateway.mcpUrl, lab.token())).status, 200);
  });
}

test('a second answer on the same connection – for nobody, the next caller gets their own', async () => {
  const one = (text: string) => `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
  answer = one('{"first":1}') + one(`{"x":"${secret}"}`);
  assert.equal(await (await post(lab.gateway.mcpUrl, lab.token())).text(), '{"first":1}');
  answer = one('{"second":1}');
  assert.equal(await (await post(lab.gateway.mcpUrl, lab.token())).text(), '{"second":1}');
});

for (const [name, bytes] of [
  ['shorter than it said', 'HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"half":'],
  ['cut between its chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\n{"half":\r\n'],
  ['with a chunk of no size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\n{"half":\r\nzz\r\n'],
] as const) {
  test(`a body ${name} – does not look whole to the caller`, async () => {
    answer = bytes;
    await assert.rejects(async () => (await post(lab.gateway.mcpUrl, lab.token())).text());
  });
}
