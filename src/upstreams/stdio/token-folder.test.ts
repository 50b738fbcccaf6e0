import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { quietLog } from '../../model/log.ts';
import { Secret } from '../../model/secret.ts';
import { stdioSettings } from './schema.ts';
import { giveToken } from './user-token.ts';
import { z } from 'zod';

/** Bytes of a path that the system takes, without the one that ends it (PATH_MAX). */
const longestPath = 4_095;
const madeName = '/usher-token-XXXXXX'.length;

/** A temporary folder whose path leaves so many bytes behind the one that is made in it: a disk that is full for files. */
async function startIn(context: TestContext, left: number): Promise<string> {
  const outer = await mkdtemp(join(tmpdir(), 'usher-long-'));
  let folder = outer;
  for (let missing = longestPath - left - madeName - folder.length; missing > 0;) {
    // A separator, and at least a letter behind it in the next round.
    const length = missing > 201 ? 199 : missing - 1;
    folder = join(folder, 'x'.repeat(length));
    missing -= length + 1;
  }
  await mkdir(folder, { recursive: true });
  const before = { TMPDIR: process.env['TMPDIR'], XDG_RUNTIME_DIR: process.env['XDG_RUNTIME_DIR'] };
  process.env['TMPDIR'] = folder;
  delete process.env['XDG_RUNTIME_DIR'];
  context.after(async () => {
    for (const [name, value] of Object.entries(before))
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    await rm(outer, { recursive: true, force: true });
  });
  return folder;
}

for (const [what, left] of [
  ['its maker', 7],
  ['the token itself', 10],
] as const) {
  test(`a folder for a token, where ${what} cannot be written down – is not left behind`, async (context) => {
    const folder = await startIn(context, left);
    const settings = z.object(stdioSettings()).parse({ userTokenFile: 'API_TOKEN_FILE' });
    const header = { name: 'authorization', value: new Secret('Bearer abc') };
    const credential = { header, claims: undefined, source: 'fresh', waitedMs: 0 } as const;
    const user = { principal: 'alice', claims: {}, credential };
    const given = giveToken(user, settings, { isOtherUser: false, log: quietLog });
    await assert.rejects(given, { code: 'ENAMETOOLONG' });
    assert.deepEqual(await readdir(folder), []);
  });
}
