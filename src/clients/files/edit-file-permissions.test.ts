import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

const nobody = 65_534;
const module = new URL('edit-file.ts', import.meta.url).href;

/** What a user without any rights is told who edits a file. Root may write everywhere, and becomes nobody first. */
function editAsNobody(path: string): string {
  const program = `
    const { editFile } = await import(${JSON.stringify(module)});
    if (process.getuid() === 0) { process.setgroups([]); process.setgid(${nobody}); process.setuid(${nobody}); }
    await editFile(process.argv[1], () => 'ours').then(() => console.log('written'), ({ name, message }) => console.log(name + ': ' + message));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program, '--', path], {
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  return stdout.trim();
}

async function makeFolder(context: TestContext): Promise<string> {
  // The test runner's folder is its own alone; somebody else has to be able to walk through it.
  const { mode } = await stat(tmpdir());
  if ((mode & 0o001) === 0) await chmod(tmpdir(), mode | 0o011);
  const folder = await mkdtemp(join(tmpdir(), 'edit-file-permissions-'));
  context.after(async () => {
    await chmod(folder, 0o755);
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}

test('an edit – a folder that may not be written – refused with the reason, and nothing is left there', async (context) => {
  const folder = await makeFolder(context);
  const path = join(folder, 'settings.json');
  await writeFile(path, 'theirs');
  await chmod(path, 0o666);
  await chmod(folder, 0o555);
  assert.equal(editAsNobody(path), 'FileProblem: it cannot be written: permission denied (EACCES)');
  assert.equal(await readFile(path, 'utf8'), 'theirs');
  assert.deepEqual(await readdir(folder), ['settings.json']);
});

test('an edit – a file that may not be written in a folder that may – refused, though a rename would have worked', async (context) => {
  const folder = await makeFolder(context);
  const path = join(folder, 'settings.json');
  await writeFile(path, 'theirs');
  await chmod(path, 0o644);
  await chmod(folder, 0o777);
  assert.equal(editAsNobody(path), 'FileProblem: it cannot be written: permission denied (EACCES)');
  await chmod(path, 0o444);
  assert.equal(editAsNobody(path), 'FileProblem: it is read-only');
  assert.equal(await readFile(path, 'utf8'), 'theirs');
});

test('an edit – a file of another user that everybody may write – refused, for its owner could not be kept', async (context) => {
  if (process.getuid?.() !== 0) {
    context.skip('only root can make files of another user');
    return;
  }
  const folder = await makeFolder(context);
  const path = join(folder, 'settings.json');
  await writeFile(path, 'theirs');
  await chmod(path, 0o666);
  await chmod(folder, 0o777);
  assert.equal(editAsNobody(path), 'FileProblem: it belongs to another user');
  assert.equal(await readFile(path, 'utf8'), 'theirs');
  assert.deepEqual(await readdir(folder), ['settings.json']);
});

test('an edit – a file that may not be read – refused with the reason', async (context) => {
  const folder = await makeFolder(context);
  const path = join(folder, 'settings.json');
  await writeFile(path, 'theirs');
  await chmod(path, 0o000);
  await chmod(folder, 0o755);
  assert.equal(editAsNobody(path), 'FileProblem: it cannot be read: permission denied (EACCES)');
});
