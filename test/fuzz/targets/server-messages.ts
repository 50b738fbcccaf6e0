import assert from 'node:assert/strict';
import { readMessages } from '../../../src/bridge/rpc-message.ts';
import { findJsonValues, replaceSpans, splitJsonList } from '../../../src/lib/find-json-values.ts';
import { LineSplitter } from '../../../src/lib/line-splitter.ts';
import { parseJson } from '../../../src/lib/parse-json.ts';
import { parseEvent } from '../../../src/upstreams/sse/parse-event.ts';
import { isObject, type Target } from '../target.ts';

const paths = [['id'], ['params', 'progressToken'], ['params', '_meta', 'io.modelcontextprotocol/subscriptionId']];
const longest = 4_096;

/** What stands at a path, as JSON.parse has it. */
function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (isObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    value,
  );
}

/** Values are found where JSON.parse has them, and another one in their place changes nothing else. */
function checkValues(text: string): void {
  const value: unknown = JSON.parse(text);
  const spans = findJsonValues(text, paths);
  for (const [index, path] of paths.entries()) {
    const span = spans[index];
    const found: unknown = span === undefined ? undefined : JSON.parse(text.slice(span.from, span.to));
    assert.deepEqual(found, valueAt(value, path), `${path.join('.')} of ${text}`);
  }
  const changed: unknown = JSON.parse(
    replaceSpans(
      text,
      spans.map((span) => ({ span, by: '"new"' })),
    ),
  );
  for (const [index, path] of paths.entries())
    if (spans[index] !== undefined) assert.equal(valueAt(changed, path), 'new');
}

/** A list comes apart into what JSON.parse finds in it. */
function checkList(text: string): void {
  const value = parseJson(text);
  if (!Array.isArray(value)) return;
  assert.deepEqual(
    splitJsonList(text).map((one): unknown => JSON.parse(one)),
    value,
  );
}

/** What a server over stdin and stdout, or of HTTP+SSE, may send: lines of bytes. */
export const target: Target = {
  seeds: [
    '{"jsonrpc":"2.0","id":1,"result":{"a":[1,{"id":2}]}}\nloading …\n',
    '[{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"\\"","_meta":{"io.modelcontextprotocol/subscriptionId":7}}}]\r\n',
    ' [ {"jsonrpc":"2.0","id":1,"result":{}} , {"jsonrpc":"2.0","id":2,"error":{"code":-1.50,"message":"],\\""}}\t]\n',
    'event: endpoint\ndata: /messages?session=1\n\n:\n',
  ],
  fuzz(bytes) {
    const lines: string[] = [];
    const splitter = new LineSplitter({ longest, onLine: (line) => lines.push(line), onTooLong: () => {} });
    splitter.push(bytes.subarray(0, bytes.length / 2));
    splitter.push(bytes.subarray(bytes.length / 2));
    for (const line of lines) {
      checkList(line);
      assert.ok(Buffer.byteLength(line) <= longest * 3 && !line.includes('\n'));
      for (const message of readMessages(line) ?? []) {
        assert.doesNotMatch(message.text, /[\r\n]/);
        checkValues(message.text);
      }
    }
    const { data, type } = parseEvent(bytes.toString('utf8'));
    assert.ok(data.length <= bytes.length && type.length <= Math.max(7, bytes.length));
  },
};
