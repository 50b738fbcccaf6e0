import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { toolCall } from '../kit/call.ts';
import { rawPost, sendRaw } from '../kit/send-raw.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';

/** One request whose end two readers would see in two places, and another user's one hidden behind it (RFC 9112 §11.2). */
const lab = await startTokenLab();
after(() => lab[Symbol.asyncDispose]());
const alice = lab.token();
const hidden = rawPost(
  [`authorization: Bearer ${lab.token({ claims: { sub: 'mallory@example.com' } })}`],
  JSON.stringify(toolCall('hidden')),
);
const call = JSON.stringify(toolCall());
const chunked = `${call.length.toString(16)}\r\n${call}\r\n0\r\n\r\n`;

function attack(lines: readonly string[], text: string, lineEnd = '\r\n'): string {
  const head = [
    'POST /mcp HTTP/1.1',
    'host: localhost',
    `authorization: Bearer ${alice}`,
    'content-type: application/json',
    ...lines,
  ];
  return `${head.join(lineEnd)}${lineEnd}${lineEnd}${text}${hidden}`;
}
const length = `content-length: ${call.length}`;
const te = 'transfer-encoding: chunked';

const attacks: readonly (readonly [name: string, bytes: string])[] = [
  ['Content-Length and Transfer-Encoding', attack([length, te], chunked)],
  ['Transfer-Encoding and Content-Length', attack([te, 'content-length: 4'], chunked)],
  ['two lengths', attack([length, 'content-length: 0'], call)],
  ['two equal lengths', attack([length, length], call)],
  ['a list of lengths', attack([`content-length: ${call.length}, ${call.length}`], call)],
  ['a length with a plus', attack([`content-length: +${call.length}`], call)],
  ['a length with a minus', attack(['content-length: -1'], call)],
  ['a length in hexadecimal', attack([`content-length: 0x${call.length.toString(16)}`], call)],
  ['a length beyond 64 bits', attack([`content-length: ${2n ** 64n + BigInt(call.length)}`], call)],
  ['a length with a blank in it', attack([`content-length: ${String(call.length).split('').join(' ')}`], call)],
  ['a length of nothing', attack(['content-length:'], call)],
  ['a blank before the colon', attack([`content-length : ${call.length}`], call)],
  ['a blank before the name', attack(['x: y', ` content-length: ${call.length}`], call)],
  ['a NUL in a header', attack([length, 'x: a\u0000b'], call)],
  ['an unknown transfer encoding', attack(['transfer-encoding: xchunked'], chunked)],
  ['a transfer encoding behind identity', attack(['transfer-encoding: chunked, identity'], chunked)],
  ['two transfer encodings', attack([te, 'transfer-encoding: identity'], chunked)],
  ['a transfer encoding with a vertical tab', attack(['transfer-encoding: \u000bchunked'], chunked)],
  ['a transfer encoding in quotes', attack(['transfer-encoding: "chunked"'], chunked)],
  ['a transfer encoding folded over two lines', attack(['transfer-encoding:\r\n chunked', length], chunked)],
  ['bare line feeds in the head', attack([length], call, '\n')],
  ['bare carriage returns in the head', attack([length], call, '\r')],
  ['a chunk of negative size', attack([te], `-1\r\n${call}\r\n0\r\n\r\n`)],
  ['a chunk size with 0x', attack([te], `0x${chunked}`)],
  ['a chunk size beyond 64 bits', attack([te], `10000000000000005\r\n${call}\r\n0\r\n\r\n`)],
  ['a chunk that ends with a bare line feed', attack([te], chunked.replace('}\r\n0', '}\n0'))],
  ['a length in the trailers', attack([te], chunked.replace('0\r\n\r\n', '0\r\ncontent-length: 5\r\n\r\n'))],
  ['a chunk longer than it says', attack([te], `1\r\n${call}\r\n0\r\n\r\n`)],
];

for (const [name, bytes] of attacks) {
  test(`${name} – refused and the connection ends; what hides behind is no request`, async () => {
    const before = lab.upstream.seen.length;
    const answers = (await sendRaw(lab.gateway.port, bytes)).match(/HTTP\/1\.1 \d+/g) ?? [];
    // Where the token is still being looked at, the connection is cut without an answer.
    assert.ok(['', 'HTTP/1.1 400'].includes(answers.join(', ')), answers.join(', '));
    assert.equal(lab.upstream.seen.length, before);
  });
}

test('credentials in trailers – dropped, a call like any other', async () => {
  const before = lab.upstream.seen.length;
  const text = chunked.replace(/0\r\n\r\n$/, '0\r\nauthorization: Bearer x\r\nx-user: mallory\r\n\r\n');
  const head = attack([te, 'trailer: authorization', 'connection: close'], '').slice(0, -hidden.length);
  assert.match(await sendRaw(lab.gateway.port, head + text), /^HTTP\/1\.1 200 /);
  const [seen, ...more] = lab.upstream.seen.slice(before);
  assert.equal(more.length, 0);
  assert.ok(!JSON.stringify(seen).includes('mallory') && seen?.body === call);
});

for (const line of ['upgrade: websocket', 'upgrade: h2c', 'upgrade: TLS/1.0']) {
  test(`${line} – no tunnel: a call like any other, without it`, async () => {
    const before = lab.upstream.seen.length;
    const lines = ['connection: upgrade, close', line, `authorization: Bearer ${alice}`, 'http2-settings: AAMAAABk'];
    assert.doesNotMatch(await sendRaw(lab.gateway.port, rawPost(lines, call)), /HTTP\/1\.1 101/);
    for (const { headers } of lab.upstream.seen.slice(before)) assert.equal(headers.upgrade, undefined);
  });
}
