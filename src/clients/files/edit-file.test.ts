import assert from 'node:assert/strict';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { FileProblem } from '../formats/format.ts';
import { editFile, readText } from './edit-file.ts';

async function makeFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'edit-file-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const problem = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof FileProblem, String(error));
  assert.match(error.message, pattern);
  return true;
};

test('an edit – a byte order mark and a mode – kept, and nothing else left in the folder', async (context) => {
  const folder = await makeFolder(context);
  const path = join(folder, 'settings.json');
  await writeFile(path, '\uFEFF{}', { mode: 0o640 });
  await chmod(path, 0o640);
  await editFile(path, (text) => `${text} // more`);
  assert.equal(await readFile(path, 'utf8'), '\uFEFF{} // more');
  assert.equal((await stat(path)).mode & 0o777, 0o640);
  assert.deepEqual(await readdir(folder), ['settings.json']);
});

test('an edit – a link into another folder – the file it leads to is written, the link stays', async (context) => {
  const folder = await makeFolder(context);
  await mkdir(join(folder, 'dotfiles'));
  const [path, target] = [join(folder, 'settings.json'), join(folder, 'dotfiles', 'mcp.json')];
  await writeFile(target, '{}');
  await symlink('dotfiles/mcp.json', path);
  await editFile(path, () => '{"a":1}');
  assert.equal(await readFile(target, 'utf8'), '{"a":1}');
  assert.ok((await lstat(path)).isSymbolicLink());
});

test('an edit – a link to a file that is not there yet – made where the link leads', async (context) => {
  const folder = await makeFolder(context);
  const path = join(folder, 'settings.json');
  await symlink('later/mcp.json', path);
  await editFile(path, (text) => (text === undefined ? '{}' : 'wrong'));
  assert.equal(await readFile(join(folder, 'later', 'mcp.json'), 'utf8'), '{}');
  assert.ok((await lstat(path)).isSymbolicLink());
});

test('an edit – written by another program meanwhile – read again, and nothing of theirs is lost', async (context) => {
  const path = join(await makeFolder(context), 'settings.json');
  await writeFile(path, 'a');
  let calls = 0;
  await editFile(path, async (text) => {
    calls += 1;
    if (calls === 1) await writeFile(path, 'b');
    return `${text}!`;
  });
  assert.equal(await readFile(path, 'utf8'), 'b!');
  assert.equal(calls, 2);
});

test('an edit – made by another program meanwhile – not overwritten', async (context) => {
  const path = join(await makeFolder(context), 'settings.json');
  await editFile(path, async (text) => {
    if (text === undefined) await writeFile(path, 'theirs');
    return `${text ?? ''}!`;
  });
  assert.equal(await readFile(path, 'utf8'), 'theirs!');
});

test('an edit – another program that never stops – ends with a sentence, and theirs stays', async (context) => {
  const path = join(await makeFolder(context), 'settings.json');
  await writeFile(path, '0');
  let calls = 0;
  const work = editFile(path, async () => {
    await writeFile(path, String((calls += 1)));
    return 'ours';
  });
  await assert.rejects(work, problem(/another program keeps writing/));
  assert.equal(await readFile(path, 'utf8'), String(calls));
});

test('an edit – nothing changed – not written', async (context) => {
  const path = join(await makeFolder(context), 'settings.json');
  await writeFile(path, 'same');
  const before = await stat(path, { bigint: true });
  await editFile(path, (text) => text);
  assert.equal((await stat(path, { bigint: true })).ino, before.ino);
});

test('an edit – bytes that are no UTF-8 – refused, and the bytes stay', async (context) => {
  const path = join(await makeFolder(context), 'settings.json');
  const bytes = Buffer.from([0x7b, 0xff, 0x7d]);
  await writeFile(path, bytes);
  await assert.rejects(
    editFile(path, () => '{}'),
    problem(/no UTF-8/),
  );
  assert.deepEqual(await readFile(path), bytes);
});

test('an edit – a folder where the file should be – refused with the reason', async (context) => {
  const path = join(await makeFolder(context), 'settings.json');
  await mkdir(path);
  await assert.rejects(
    editFile(path, () => '{}'),
    problem(/cannot be read: it is a folder/),
  );
});

test('reading – no file – undefined', async (context) => {
  assert.equal(await readText(join(await makeFolder(context), 'none.json')), undefined);
});

test('an edit – a file nobody may write, by its owner or root – refused, though root could', async (context) => {
  const folder = await makeFolder(context);
  const path = join(folder, 'settings.json');
  await writeFile(path, 'theirs', { mode: 0o444 });
  await assert.rejects(
    editFile(path, () => 'ours'),
    (error) => error instanceof FileProblem && error.message === 'it is read-only',
  );
  assert.equal(await readFile(path, 'utf8'), 'theirs');
});
