import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { skipWithoutRedis } from '../test/kit/start-redis.ts';
import { runProgram } from '../test/kit/run-program.ts';
import { ensureReady } from '../tools/set-up.js';
import { judgeSoak } from './judge-soak.ts';
import type { SoakRest } from './measure-soak.ts';
import { MessageReader } from './message-reader.ts';

const program = fileURLToPath(new URL('run-bench.ts', import.meta.url));

test('benchmark – run quickly – measures every arm that can be measured here', { timeout: 100_000 }, async () => {
  await ensureReady({ tests: false });
  const { code, stdout, stderr } = await runProgram([process.execPath, program, '--quick', '--json', '--seconds=0.2']);
  assert.equal(code, 0, stdout + stderr);
  const { arms, exchanges, firstCalls, startMs } = JSON.parse(stdout);
  const measured = arms.filter((arm: { problem?: string }) => arm.problem === undefined);
  assert.deepEqual(
    measured.map(({ name }: { name: string }) => name).filter((name: string) => name !== 'nginx'),
    [
      'direct',
      'bare node:http + undici',
      'usher, anonymous',
      'usher, JWT',
      'usher, JWT + exchange',
      'usher, JWT + exchange, 20 ms',
    ],
  );
  for (const { name, requestsPerSecond, singleP50Ms } of measured) {
    assert.ok(requestsPerSecond > 0 && singleP50Ms > 0, name);
  }
  assert.deepEqual(exchanges, { immediate: 50, delayed: 50, callers: 50 });
  assert.deepEqual(firstCalls, { calls: 200, errors: 0, exchanges: 1 });
  assert.ok(startMs.median > 0);
});

test('benchmark – memory over some calls – tells it after every tenth', { timeout: 100_000 }, async () => {
  await ensureReady({ tests: false });
  const { code, stdout, stderr } = await runProgram([process.execPath, program, '--memory', '--quick', '--json']);
  assert.equal(code, 0, stdout + stderr);
  const steps = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(steps.at(-1).requests, 10_000);
  for (const { rssMegabytes, heapMegabytes } of steps) assert.ok(rssMegabytes > heapMegabytes && heapMegabytes > 1);
});

test('benchmark – event streams with calls beside them – none lost', { timeout: 100_000 }, async () => {
  await ensureReady({ tests: false });
  const { code, stdout, stderr } = await runProgram([process.execPath, program, '--streams', '--quick', '--json']);
  assert.equal(code, 0, stdout + stderr);
  const { lostStreams, failedCalls, eventsSent, eventsReceived, calls } = JSON.parse(stdout);
  assert.deepEqual([lostStreams, failedCalls, eventsReceived], [0, 0, eventsSent]);
  assert.ok(eventsSent >= 50 && calls > 50);
});

test(
  'benchmark – a soak – a line each minute, those of the warm-up too, and one for begin and end',
  { timeout: 100_000 },
  async () => {
    await ensureReady({ tests: false });
    const { code, stdout, stderr } = await runProgram([process.execPath, program, '--soak', '--quick', '--json']);
    assert.equal(code, 0, stdout + stderr);
    const steps = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      steps.slice(0, -1).map(({ minute }) => minute),
      [0, 1, 2],
    );
    const { begin, end, isSteady } = steps.at(-1);
    assert.equal(typeof isSteady, 'boolean');
    for (const { rssMegabytes, heapMegabytes, openFiles } of [begin, end])
      assert.ok(rssMegabytes > heapMegabytes && heapMegabytes > 1 && openFiles > 1);
  },
);

const quiet: SoakRest = {
  idleRssMegabytes: 230,
  rssMegabytes: 200,
  heapMegabytes: 20,
  externalMegabytes: 4,
  openFiles: 25,
};

test('the verdict of a soak – a little more than at the beginning – it ended where it began', () => {
  const end = { ...quiet, idleRssMegabytes: 260, rssMegabytes: 204.9, heapMegabytes: 19, openFiles: 24 };
  assert.deepEqual(judgeSoak({ begin: quiet, end }), {
    isSteady: true,
    text: 'It ended where it began: 200 → 204.9 MB resident (+4.9, allowed +5), 20 → 19 MB heap (-1, allowed +2), 25 → 24 open files (-1, allowed +0); 230.0 → 260.0 MB resident before the collection',
  });
});

for (const grown of [{ rssMegabytes: 206 }, { heapMegabytes: 22.1 }, { openFiles: 26 }]) {
  test(`the verdict of a soak – ${Object.keys(grown)[0]} grew – it says so`, () => {
    const { isSteady, text } = judgeSoak({ begin: quiet, end: { ...quiet, ...grown } });
    assert.equal(isSteady, false);
    assert.match(text, /^IT GREW: /);
  });
}

test('benchmark – each part killed in turn – nothing wrong, nothing unrecorded', { timeout: 100_000 }, async () => {
  await ensureReady({ tests: false });
  const { code, stdout, stderr } = await runProgram([process.execPath, program, '--kills', '--quick', '--json']);
  assert.equal(code, 0, stdout + stderr);
  for (const { wrong, unrecorded, answered } of stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))) {
    assert.deepEqual([wrong, unrecorded], [0, 0]);
    assert.ok(answered > 0);
  }
});

test('benchmark – many users at once – one exchange each', { timeout: 100_000 }, async () => {
  await ensureReady({ tests: false });
  const { code, stdout, stderr } = await runProgram([process.execPath, program, '--storm', '--quick', '--json']);
  assert.equal(code, 0, stdout + stderr);
  const { users, exchanges, errors, peak } = JSON.parse(stdout);
  assert.deepEqual([users, exchanges, errors], [100, 100, 0]);
  assert.ok(peak > 0 && peak <= 256);
});

const withRedis = { timeout: 100_000, skip: skipWithoutRedis };
test('benchmark – replicas with one Redis – one exchange for each user', withRedis, async () => {
  await ensureReady({ tests: false });
  const { code, stdout, stderr } = await runProgram([process.execPath, program, '--replicas', '--quick', '--json']);
  const { calls, exchanges, errors } = JSON.parse(stdout);
  // On a machine that stands still for half a second a replica may have asked for itself: that is no failure of the benchmark.
  assert.deepEqual([calls, errors], [200, 0], stdout + stderr);
  assert.ok(exchanges >= 50 && exchanges < 100, stdout);
  assert.equal(code, exchanges === 50 ? 0 : 1);
});

for (const [what, arms] of [
  ['introspection', 3],
  ['dpop', 4],
  ['stdio', 2],
  ['limits', skipWithoutRedis === false ? 4 : 3],
] as const) {
  test(`benchmark – ${what} – every arm measured`, { timeout: 100_000 }, async () => {
    await ensureReady({ tests: false });
    const { code, stdout, stderr } = await runProgram([process.execPath, program, `--${what}`, '--quick', '--json']);
    assert.equal(code, 0, stdout + stderr);
    const rows = JSON.parse(stdout) as { requestsPerSecond: number }[];
    assert.equal(rows.length, arms);
    for (const { requestsPerSecond } of rows) assert.ok(requestsPerSecond > 0);
  });
}

function readMessages(...chunks: string[]): string[] {
  const heads: string[] = [];
  const reader = new MessageReader((head) => heads.push(head));
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  return heads;
}

test('message reader – a message in pieces – told when its body is complete', () => {
  assert.deepEqual(readMessages('HTTP/1.1 200 OK\r\nContent-', 'Length: 4\r\n\r', '\nab'), []);
  assert.deepEqual(readMessages('HTTP/1.1 200 OK\r\nContent-', 'Length: 4\r\n\r', '\nab', 'cd'), [
    'HTTP/1.1 200 OK\r\nContent-Length: 4',
  ]);
});

test('message reader – two messages in one piece – both told', () => {
  assert.equal(readMessages('A\r\ncontent-length: 1\r\n\r\nxB\r\ncontent-length: 1\r\n\r\ny').length, 2);
});

test('message reader – a chunked body – told at its last chunk', () => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  assert.deepEqual(readMessages(`${head}2\r\nab\r\n`), []);
  assert.equal(readMessages(`${head}2\r\nab\r\n`, '0\r\n\r\n').length, 1);
});
