import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UpstreamAnswer } from '../model/upstream.ts';
import { AnswerStream } from './answer-stream.ts';
import { readMessages } from './rpc-message.ts';
import { SharedChannel } from './shared-channel.ts';

/** A channel whose server the test plays. */
function open() {
  const sent: Record<string, unknown>[] = [];
  const shared = new SharedChannel({ target: 'test', answerTimeoutMs: 60_000 });
  shared.channel = {
    pendingBytes: 0,
    send: (text) => {
      sent.push(JSON.parse(text));
      return undefined;
    },
    pause: () => assert.fail('all would have to wait'),
    resume: () => {},
    renew: () => true,
    close: () => Promise.resolve(),
  };
  return { shared, sent, say: (message: object) => shared.onMessage(JSON.stringify({ jsonrpc: '2.0', ...message })) };
}

/** A call of a user, and what they get. */
async function call(shared: SharedChannel, principal: string, message: object) {
  const got: string[] = [];
  let error: Error | undefined;
  const answer: UpstreamAnswer = {
    onHead: () => {},
    onData: (chunk) => got.push(chunk.toString()),
    onEnd: () => got.push('END'),
    onError: (problem) => (error = problem),
  };
  const stream = new AnswerStream(answer);
  const [parsed] = readMessages(JSON.stringify({ jsonrpc: '2.0', ...message })) ?? [];
  assert.ok(parsed);
  const user = { principal, claims: {}, credential: undefined };
  shared.post(parsed, { method: 'POST', query: '', headers: [], body: undefined, user }, stream);
  await Promise.resolve();
  return { stream, got: () => got.join(''), error: () => error };
}

const log = { method: 'notifications/message', params: { level: 'info', data: 'a secret of somebody' } };

test('a log message that says nothing of its call, with one call under way – is told to that', async () => {
  const { shared, say } = open();
  const alice = await call(shared, 'alice', { id: 1, method: 'tools/call' });
  say(log);
  assert.match(alice.got(), /a secret of somebody/);
});

test('a log message that says nothing of its call, with two under way – reaches nobody', async () => {
  const { shared, say } = open();
  const alice = await call(shared, 'alice', { id: 1, method: 'tools/call' });
  const bob = await call(shared, 'bob', { id: 1, method: 'tools/call' });
  say(log);
  assert.equal(alice.got() + bob.got(), '');
});

test('a log message behind a call that was cancelled – may be about that one, and reaches nobody', async () => {
  const { shared, say } = open();
  const alice = await call(shared, 'alice', { id: 1, method: 'tools/call' });
  const bob = await call(shared, 'bob', { id: 1, method: 'tools/call' });
  alice.stream.abort();
  say(log);
  assert.equal(alice.got() + bob.got(), '');
});

test('a log message behind an answer – may be about that call, and reaches nobody else', async () => {
  const { shared, say, sent } = open();
  const bob = await call(shared, 'bob', { id: 1, method: 'tools/call' });
  const alice = await call(shared, 'alice', { id: 1, method: 'tools/call' });
  say({ id: sent[1]?.['id'], result: {} });
  say(log);
  assert.equal(bob.got(), '');
  assert.doesNotMatch(alice.got(), /a secret/);
  say({ id: sent[0]?.['id'], result: {} });
  const again = await call(shared, 'alice', { id: 2, method: 'tools/call' });
  say(log);
  assert.equal(again.got(), '');
});

test('a log message behind an answer, with the next call of the same user under way – is told to that', async () => {
  const { shared, say, sent } = open();
  await call(shared, 'alice', { id: 1, method: 'tools/call' });
  say({ id: sent[0]?.['id'], result: {} });
  const next = await call(shared, 'alice', { id: 2, method: 'tools/call' });
  say(log);
  assert.match(next.got(), /a secret of somebody/);
});

test('a client that answers – answers nothing that a server asks: it would be asked of all', async () => {
  const { shared, sent } = open();
  await call(shared, 'mallory', { id: 1, result: { action: 'accept' } });
  assert.deepEqual(sent, []);
});

test('a client that cancels by an id – cancels nothing: it would be the id of another client', async () => {
  const { shared, sent } = open();
  await call(shared, 'alice', { id: 1, method: 'tools/call' });
  await call(shared, 'mallory', { method: 'notifications/cancelled', params: { requestId: sent[0]?.['id'] } });
  assert.deepEqual(
    sent.map(({ method }) => method),
    ['tools/call'],
  );
});

test('answers with ids that nobody asked, or texts for ids – reach nobody', async () => {
  const { shared, say, sent } = open();
  const alice = await call(shared, 'alice', { id: 'mine', method: 'tools/call' });
  for (const id of [77, 'mine', null, String(sent[0]?.['id'])]) say({ id, result: { wrong: true } });
  assert.equal(alice.got(), '');
  say({ id: sent[0]?.['id'], result: { right: true } });
  assert.equal(alice.got(), '{"jsonrpc":"2.0","id":"mine","result":{"right":true}}END');
});

test('a request of the server – reaches nobody in this era, and the server hears so', async () => {
  const { shared, say, sent } = open();
  const alice = await call(shared, 'alice', { id: 1, method: 'tools/call' });
  say({ id: 1, method: 'sampling/createMessage', params: {} });
  assert.equal(alice.got(), '');
  assert.equal(sent.length, 2);
  assert.match(JSON.stringify(sent[1]), /"id":1,"error":\{"code":-32601/);
});

test('a caller who takes nothing – is cut off when 4 MiB wait; the others do not notice', async () => {
  const { shared, say, sent } = open();
  const params = { _meta: { progressToken: 'p' } };
  const slow = await call(shared, 'slow', { id: 1, method: 'tools/call', params });
  const quick = await call(shared, 'quick', { id: 1, method: 'tools/call', params });
  const [slowId, quickId] = sent.map(({ id }) => id);
  slow.stream.pause();
  const message = 'x'.repeat(1024 * 1024);
  for (let progress = 0; progress < 8; progress += 1)
    say({ method: 'notifications/progress', params: { progressToken: slowId, progress, message } });
  assert.match(slow.error()?.message ?? '', /ended the connection/);
  assert.deepEqual(sent.at(-1), {
    jsonrpc: '2.0',
    method: 'notifications/cancelled',
    params: { requestId: slowId, reason: 'The client does not take what it asked for' },
  });
  say({ id: quickId, result: {} });
  assert.match(quick.got(), /END$/);
});

test('the end of the server – every call under way is answered with an error, also one that has begun', async () => {
  const { shared, say, sent } = open();
  const fresh = await call(shared, 'alice', { id: 'a', method: 'tools/call' });
  const begun = await call(shared, 'bob', { id: 'b', method: 'tools/call', params: { _meta: { progressToken: 1 } } });
  say({ method: 'notifications/progress', params: { progressToken: sent[1]?.['id'], progress: 1 } });
  shared.onEnd('it exited with code 7');
  assert.ok(fresh.error());
  assert.match(begun.got(), /"id":"b","error".*upstream_failed.*END$/s);
});

test('a server that does not say which tools it has – is not waited for any longer after a while, and may be idle', async () => {
  const { shared, sent } = open();
  const [asked] = readMessages('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}') ?? [];
  assert.ok(asked);
  const found = shared.toolHeaders.findProblem(asked, []);
  assert.equal(sent[0]?.['method'], 'tools/list');
  assert.equal(shared.isIdle, false);
  assert.equal(await found, undefined);
  assert.equal(shared.isIdle, true);
});
