import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventSplitter } from './event-splitter.ts';

function split(chunks: readonly Buffer[]): { events: string[]; rest: string } {
  const events: string[] = [];
  const splitter = new EventSplitter((event) => void events.push(event.toString()));
  for (const chunk of chunks) splitter.push(chunk);
  return { events, rest: splitter.rest().toString() };
}

const streams: readonly (readonly [string, readonly string[], string])[] = [
  ['data: a\n\ndata: b\n\n', ['data: a\n\n', 'data: b\n\n'], ''],
  ['data: a\r\n\r\nid: 1\r\ndata: b\r\n\r\n', ['data: a\r\n\r\n', 'id: 1\r\ndata: b\r\n\r\n'], ''],
  ['data: a\r\rdata: b\r\r', ['data: a\r\r', 'data: b\r\r'], ''],
  [': hello\n\ndata: a\n', [': hello\n\n'], 'data: a\n'],
  ['data: a\n\r\ndata: ä\n\n', ['data: a\n\r\n', 'data: ä\n\n'], ''],
  ['\n\ndata: a\n\n', ['\n', '\n', 'data: a\n\n'], ''],
];
for (const [text, events, rest] of streams) {
  test(`EventSplitter – ${JSON.stringify(text)} at once – whole events`, () => {
    assert.deepEqual(split([Buffer.from(text)]), { events: [...events], rest });
  });
  test(`EventSplitter – ${JSON.stringify(text)} byte by byte – the same bytes in the same order`, () => {
    const bytes = Buffer.from(text);
    const found = split(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)));
    assert.equal(found.events.join('') + found.rest, text);
    const trimmed = (list: readonly string[]) => list.map((one) => one.trim()).filter((one) => one !== '');
    assert.deepEqual(trimmed(found.events), trimmed(events));
  });
}
