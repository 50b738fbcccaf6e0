import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { RotatingFile } from './rotating-file.ts';

function makeFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'usher-log-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a log that grows beyond its limit – is put aside at a line, and only so many are kept, for its owner only', (context) => {
  const folder = makeFolder(context);
  using file = new RotatingFile(join(folder, 'log'), { limitBytes: 100, keep: 2 });
  for (let line = 0; line < 40; line += 1) file.write(`line ${line} of many\n`);
  assert.deepEqual(readdirSync(folder).toSorted(), ['log', 'log.1', 'log.2']);
  const text = ['log.2', 'log.1', 'log'].map((base) => readFileSync(join(folder, base), 'utf8')).join('');
  const lines = text.trimEnd().split('\n');
  assert.deepEqual(
    lines,
    Array.from({ length: lines.length }, (_, index) => `line ${40 - lines.length + index} of many`),
  );
  for (const base of readdirSync(folder)) {
    const { mode, size } = statSync(join(folder, base));
    assert.equal(mode & 0o777, 0o600);
    assert.ok(size <= 100);
  }
});

test('a log that is there already – is appended to, and counts', (context) => {
  const path = join(makeFolder(context), 'log');
  for (let start = 0; start < 3; start += 1) {
    using file = new RotatingFile(path, { limitBytes: 30, keep: 1 });
    file.write(`start ${start}, and more\n`);
  }
  assert.equal(readFileSync(path, 'utf8'), 'start 2, and more\n');
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'start 1, and more\n');
});

test('a log that somebody deletes – is begun anew', (context) => {
  const path = join(makeFolder(context), 'log');
  using file = new RotatingFile(path, { limitBytes: 1000, keep: 1 });
  file.write('one\n');
  rmSync(path);
  file.write('two\n');
  assert.equal(readFileSync(path, 'utf8'), 'two\n');
});

test('a log that is a link – is not followed', { skip: process.platform === 'win32' }, (context) => {
  const folder = makeFolder(context);
  symlinkSync(join(folder, 'elsewhere'), join(folder, 'log'));
  assert.throws(() => new RotatingFile(join(folder, 'log'), { limitBytes: 1000, keep: 1 }), /ELOOP/);
});
