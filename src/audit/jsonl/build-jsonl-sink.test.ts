import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { collectLog } from '../../../test/kit/collect-log.ts';
import { until } from '../../../test/kit/until.ts';
import type { AuditRecord } from '../../model/audit-record.ts';
import { UsherError } from '../../model/usher-error.ts';
import { startJsonlSink, type JsonlBounds } from './build-jsonl-sink.ts';

function record(id: string): AuditRecord {
  return {
    v: 1,
    time: '2026-01-01T00:00:00.000Z',
    id,
    who: {},
    what: { http: 'POST /mcp' },
    decision: 'allowed',
    reason: '',
    status: 200,
    ms: { total: 1 },
  };
}

async function inFolder(work: (file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-audit-'));
  try {
    await work(join(folder, 'audit.jsonl'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function idsIn(file: string): Promise<readonly string[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
  return lines.map((line): string => JSON.parse(line).id);
}

test('the jsonl sink – many records at once – all written, in order, one line each', () =>
  inFolder(async (file) => {
    const sink = await startJsonlSink({ file, whenUnwritable: 'refuse' });
    const ids = Array.from({ length: 5000 }, (_, index) => `id-${index}`);
    for (const id of ids) sink.write(record(id));
    await sink.flush();
    assert.deepEqual(await idsIn(file), ids);
    await sink.close();
  }));

test('the jsonl sink – a record and nothing else – written by itself within a moment', () =>
  inFolder(async (file) => {
    const sink = await startJsonlSink({ file, whenUnwritable: 'refuse' });
    sink.write(record('one'));
    await sleep(100);
    assert.deepEqual(await idsIn(file), ['one']);
    await sink.close();
  }));

test('the jsonl sink – started again – goes on behind what is there', () =>
  inFolder(async (file) => {
    for (const id of ['first', 'second']) {
      const sink = await startJsonlSink({ file, whenUnwritable: 'refuse' });
      sink.write(record(id));
      await sink.close();
    }
    assert.deepEqual(await idsIn(file), ['first', 'second']);
  }));

test('the jsonl sink – a new file – readable for its owner alone', () =>
  inFolder(async (file) => {
    const sink = await startJsonlSink({ file, whenUnwritable: 'refuse' });
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    await sink.close();
  }));

for (const [mode, isWarned] of [
  [0o644, true],
  [0o640, false],
] as const) {
  test(`the jsonl sink – a file that is there with mode ${mode.toString(8)} – is ${isWarned ? 'warned of' : 'taken as it is'}`, () =>
    inFolder(async (file) => {
      await writeFile(file, '');
      await chmod(file, mode);
      const { log, logged } = collectLog();
      const sink = await startJsonlSink({ file, whenUnwritable: 'refuse' }, log);
      await sink.close();
      const warning = 'warn: The audit trail can be read by every user of this machine';
      const warned = logged.filter((line) => line.startsWith(warning));
      assert.equal(warned.length, isWarned ? 1 : 0);
      assert.equal((await stat(file)).mode & 0o777, mode);
    }));
}

test('the jsonl sink – a folder that is not there – refused with the path and the reason', async () => {
  const isRight = (error: unknown) =>
    error instanceof UsherError &&
    error.code === 'config_invalid' &&
    error.message.includes('/no/such/folder/a.jsonl') &&
    error.message.includes('no such file or folder');
  await assert.rejects(startJsonlSink({ file: '/no/such/folder/a.jsonl', whenUnwritable: 'refuse' }), isRight);
});

test(
  'the jsonl sink – a full disk – says so, and calls can be refused',
  { skip: process.platform === 'linux' ? false : 'no /dev/full' },
  async () => {
    const sink = await startJsonlSink({ file: '/dev/full', whenUnwritable: 'refuse' });
    sink.write(record('one'));
    await sink.flush();
    assert.equal(sink.failure?.code, 'audit_unavailable');
    assert.match(sink.failure?.hint ?? '', /\/dev\/full failed: no space left/);
    await assert.rejects(sink.close(), (error) => error instanceof UsherError && error.code === 'audit_incomplete');
  },
);

test('the jsonl sink – its file deleted while it runs – what comes after stands in a new one', () =>
  inFolder(async (file) => {
    const sink = await startJsonlSink({ file, whenUnwritable: 'refuse' });
    sink.write(record('before'));
    await sink.flush();
    await rm(file);
    sink.write(record('after'));
    await sink.flush();
    assert.deepEqual(await idsIn(file), ['after']);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    await sink.close();
  }));

const noRoom = { skip: process.platform === 'linux' ? false : 'no /dev/full' };

/** A sink on a full disk, which `makeRoom` exchanges for a real file. */
async function startFull(file: string, whenUnwritable: 'refuse' | 'continue', bounds: Partial<JsonlBounds> = {}) {
  await symlink('/dev/full', file);
  const { log, logged } = collectLog();
  const sink = await startJsonlSink({ file, whenUnwritable }, log, { retryMs: 60_000, ...bounds });
  const makeRoom = async () => {
    await rm(file);
    await sink.reopen();
  };
  return { sink, logged, makeRoom };
}

test(
  'the jsonl sink – a full disk, then another one – everything that waited is written, once, and both are said',
  noRoom,
  () =>
    inFolder(async (file) => {
      const { sink, logged, makeRoom } = await startFull(file, 'refuse');
      for (const id of ['one', 'two']) sink.write(record(id));
      await sink.flush();
      assert.equal(sink.failure?.code, 'audit_unavailable');
      await makeRoom();
      assert.equal(sink.failure, undefined);
      assert.deepEqual(await idsIn(file), ['one', 'two']);
      await sink.close();
      assert.match(logged[0] ?? '', /^error: Cannot write the audit trail .*"linesWaiting":2,"linesLost":0/);
      assert.match(logged[1] ?? '', /^info: The audit trail can be written again/);
    }),
);

test('the jsonl sink – a full disk, calls shall go on – no failure, but trouble, said again and again', noRoom, () =>
  inFolder(async (file) => {
    const { sink, logged } = await startFull(file, 'continue', { sayAgainMs: 10 });
    sink.write(record('one'));
    await sink.flush();
    assert.equal(sink.failure, undefined);
    assert.equal(sink.trouble?.code, 'audit_unavailable');
    await until(() => logged.length >= 3);
    for (const line of logged)
      assert.match(line, /^error: Cannot write the audit trail; calls go on without it .*"linesWaiting":1/);
    await assert.rejects(sink.close(), /lines lost: 1/);
  }),
);

const bounds = { limitBytes: 20_000, batchBytes: 1_000 };

test(
  'the jsonl sink – more waits than there is room for, calls go on – the oldest are dropped and counted',
  noRoom,
  () =>
    inFolder(async (file) => {
      const { sink, logged, makeRoom } = await startFull(file, 'continue', bounds);
      sink.write(record('first'));
      await sink.flush();
      for (let index = 0; index < 1000; index += 1) sink.write(record(`id-${index}`));
      await makeRoom();
      const ids = await idsIn(file);
      assert.equal(ids.at(-1), 'id-999');
      assert.ok(
        ids.length > 50 && (await stat(file)).size <= bounds.limitBytes + bounds.batchBytes,
        `${ids.length} lines`,
      );
      const lost = 1001 - ids.length;
      assert.match(logged.at(-1) ?? '', new RegExp(`^warn: .*written again.*lines lost so far: ${lost} `));
      await assert.rejects(sink.close(), new RegExp(`lines lost: ${lost}`));
    }),
);

test('the jsonl sink – more waits than there is room for, calls are refused – what came first is kept', noRoom, () =>
  inFolder(async (file) => {
    const { sink, makeRoom } = await startFull(file, 'refuse', bounds);
    sink.write(record('first'));
    await sink.flush();
    const refusal: AuditRecord = { ...record('refused'), code: 'audit_unavailable' };
    for (let index = 0; index < 1000; index += 1) sink.write(refusal);
    sink.write(record('ran before')); // refusals leave room for the calls that were let through
    await makeRoom();
    const ids = await idsIn(file);
    assert.deepEqual([ids[0], ids.at(-1)], ['first', 'ran before']);
    assert.ok((await stat(file)).size <= bounds.limitBytes);
    await assert.rejects(sink.close(), new RegExp(`lines lost: ${1002 - ids.length}`));
  }),
);

test(
  'the jsonl sink – nobody reads the pipe it writes to – a failure like a full disk, and closing does not wait',
  noRoom,
  () =>
    inFolder(async (file) => {
      execFileSync('mkfifo', [file]);
      const reader = openSync(file, 'r+'); // opening a pipe for reading alone would wait for a writer
      const sink = await startJsonlSink({ file, whenUnwritable: 'refuse' }, undefined, { stallMs: 50 });
      for (let index = 0; index < 2000; index += 1) sink.write(record(`id-${index}`));
      await until(() => sink.failure !== undefined);
      assert.match(sink.failure?.hint ?? '', /nothing was taken for 0.05 s/);
      await assert.rejects(sink.close(), /lines lost: \d+/);
      closeSync(reader);
    }),
);
