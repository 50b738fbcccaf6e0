import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { BackOff } from '../lib/back-off.ts';
import type { UpstreamAnswer } from '../model/upstream.ts';
import type { OpenChannel } from './channel.ts';
import { Places } from './places.ts';
import { readMessages } from './rpc-message.ts';
import { SharedChannels } from './shared-channels.ts';

const discovered = { result: { supportedVersions: ['2026-07-28'], capabilities: {} } };
const refused = { error: { code: -32_000, message: 'this token is not taken' } };

/** Channels of servers that answer the probe as they like, each user's by itself, and everything else well. */
function start(context: TestContext, probes: Readonly<Record<string, object>>, isPerUser: boolean) {
  const opened: string[] = [];
  const open: OpenChannel = (by, events) => {
    const principal = by?.user.principal ?? 'all';
    opened.push(principal);
    return Promise.resolve({
      pendingBytes: 0,
      send(text) {
        const { id, method } = JSON.parse(text);
        const answer = method === 'server/discover' ? probes[principal] : { result: {} };
        queueMicrotask(() => events.onMessage(JSON.stringify({ jsonrpc: '2.0', id, ...answer })));
        return undefined;
      },
      pause: () => {},
      resume: () => {},
      renew: () => true,
      close: () => Promise.resolve(),
    });
  };
  const places = new Places({ most: 10, mostPerUser: 10, target: 'test', makeRoom: () => false });
  const times = { answerTimeoutMs: 60_000, startTimeoutMs: 5_000, idleMs: 60_000 };
  const buildBackOff = () => new BackOff({ firstMs: 1, longestMs: 1 });
  const channels = new SharedChannels({ target: 'test', open, isPerUser, buildBackOff, ...times }, () => places);
  context.after(() => channels.close());
  const call = (principal: string) =>
    new Promise<number>((resolve, reject) => {
      const answer: UpstreamAnswer = { onHead: resolve, onData: () => {}, onEnd: () => {}, onError: reject };
      const params = { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } };
      const [message] = readMessages(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params })) ?? [];
      assert.ok(message);
      const user = { principal, claims: {}, credential: undefined };
      channels.take({ method: 'POST', query: '', headers: [], body: undefined, user }, message, answer);
    });
  return { opened, call, start: () => channels.start() };
}

test('a user whose server refuses to say what it speaks – is told to begin with initialize, and nobody else', async (context) => {
  const { call, opened } = start(context, { alice: refused, bob: discovered }, true);
  assert.equal(await call('alice'), 400);
  assert.equal(await call('bob'), 200);
  assert.equal(await call('alice'), 400);
  assert.deepEqual(opened, ['alice', 'bob'], 'what is known of a user is not asked for at each call');
});

test('a server that all share and that is of before – is asked once', async (context) => {
  const lab = start(context, { all: refused }, false);
  await lab.start();
  assert.equal(await lab.call('alice'), 400);
  assert.equal(await lab.call('bob'), 400);
  assert.deepEqual(lab.opened, ['all']);
});
