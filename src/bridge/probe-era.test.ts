import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probeEra } from './probe-era.ts';
import type { RpcMessage } from './rpc-message.ts';

type Answer = Partial<RpcMessage> | 'never' | 'ends';

/** A server that answers each method in this way. */
function server(answers: Readonly<Record<string, Answer>>) {
  const asked: { method: string; params: object }[] = [];
  return {
    asked,
    ask(method: string, params: object): Promise<RpcMessage> {
      asked.push({ method, params });
      const answer = answers[method] ?? 'never';
      if (answer === 'never') return new Promise(() => {});
      if (answer === 'ends') return Promise.reject(new Error('it ended'));
      return Promise.resolve({
        kind: 'response',
        text: '',
        id: 1,
        method: undefined,
        params: {},
        result: undefined,
        error: undefined,
        ...answer,
      });
    },
  };
}

const found = { result: { supportedVersions: ['2026-07-28'], capabilities: {} } };

test('a server that tells its versions – of today, with them', async () => {
  const one = server({ 'server/discover': found });
  assert.deepEqual(await probeEra(one, 5_000), { kind: 'modern', versions: ['2026-07-28'] });
  assert.equal(one.asked.length, 1);
});

test('a server that knows the probe, but not its version – of today, with the versions it names', async () => {
  const error = { code: -32_022, message: 'no', data: { supported: ['2027-01-01'] } };
  assert.deepEqual(await probeEra(server({ 'server/discover': { error } }), 5_000), {
    kind: 'modern',
    versions: ['2027-01-01'],
  });
});

for (const code of [-32_601, -32_602, -32_600, 0, -32_000]) {
  test(`a server that answers the probe with error ${code} – of before`, async () => {
    const answers = { 'server/discover': { error: { code, message: 'what?' } } };
    assert.deepEqual(await probeEra(server(answers), 5_000), { kind: 'legacy' });
  });
}

test('a server that answers nothing but a ping – of before, without waiting for the time to be over', async () => {
  const one = server({ ping: { result: {} } });
  assert.deepEqual(await probeEra(one, 600_000), { kind: 'legacy' });
  // Without it, a server of both eras would be one of before from then on.
  for (const { params } of one.asked) assert.match(JSON.stringify(params), /protocolVersion":"2026-07-28/);
});

test('a server that answers nothing – of before, when the time is over', async () => {
  assert.deepEqual(await probeEra(server({}), 100), { kind: 'legacy' });
});

test('a server that ends – said so', async () => {
  await assert.rejects(probeEra(server({ 'server/discover': 'ends' }), 5_000), /it ended/);
});
