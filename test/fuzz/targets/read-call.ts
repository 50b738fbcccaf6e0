import assert from 'node:assert/strict';
import type { Call } from '../../../src/model/call.ts';
import { readCall } from '../../../src/pipeline/read-call.ts';
import { buildAuthenticated } from '../../kit/build-routed.ts';
import { isObject, orRefusalLater, type Target } from '../target.ts';

/** Refused, or what is put on record is what the one behind reads in the same bytes. */
export async function check(body: Buffer): Promise<Call | undefined> {
  const rawHeaders = ['Content-Type', 'application/json', 'Content-Length', String(body.length)];
  const understood = await orRefusalLater(() => readCall(buildAuthenticated({ rawHeaders, body })), ['readCall']);
  if (understood === undefined) return undefined;
  const { call } = understood;
  assert.ok(call.body?.equals(body), 'the bytes are kept');
  const value: unknown = JSON.parse(body.toString('utf8'));
  assert.equal(Buffer.from(body.toString('utf8')).equals(body), true, 'UTF-8 is read in one way');
  const messages: readonly unknown[] = Array.isArray(value) ? value : [value];
  assert.equal(call.messages.length, messages.length);
  assert.ok(messages.length > 0 && messages.length <= 100);
  for (const [index, message] of call.messages.entries()) {
    const read = messages[index];
    assert.ok(isObject(read));
    assert.equal(read['jsonrpc'], '2.0');
    assert.equal(message.method, read['method']);
    assert.equal(message.id, read['id']);
    const kind = read['method'] === undefined ? 'response' : read['id'] === undefined ? 'notification' : 'request';
    assert.equal(message.kind, kind);
    const { params } = read;
    if (message.target === undefined) continue;
    assert.ok(isObject(params));
    assert.ok([params['name'], params['uri'], params['taskId']].includes(message.target));
  }
  return call;
}

export const target: Target = {
  seeds: [
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"GetCountry","arguments":{"code":"CZ"}}}',
    '{"jsonrpc":"2.0","method":"notifications/initialized"}',
    '{"jsonrpc":"2.0","id":"a","result":{}}',
    '[{"jsonrpc":"2.0","id":null,"method":"resources/read","params":{"uri":"file:///a"}},{"jsonrpc":"2.0","id":2,"error":{}}]',
    '[]',
    '{"jsonrpc":"2.0","id":1,"method":"x","method":"y","params":{"name":"a","name":"b"}}',
  ],
  fuzz: async (bytes) => void (await check(bytes)),
};
