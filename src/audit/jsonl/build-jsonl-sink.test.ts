import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditRecord } from '../../model/audit-record.ts';
import { UsherError } from '../../model/usher-error.ts';
import { startJsonlSink } from './build-jsonl-sink.ts';

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
