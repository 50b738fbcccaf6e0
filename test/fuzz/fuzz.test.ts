import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { describeFailure, fuzzTarget } from './fuzz-target.ts';
import { targets } from './targets.ts';

const seed = 20_260_728;
const folder = mkdtempSync(join(tmpdir(), 'usher-fuzz-test-'));
process.env['TMPDIR'] = folder;
after(() => rmSync(folder, { recursive: true, force: true }));

for (const name of Object.keys(targets)) {
  test(`fuzzing ${name} – 2,000 changed inputs – every promise kept`, async () => {
    const result = await fuzzTarget(name, { seed, inputs: 2_000, ms: 5_000, hangMs: 20_000 });
    assert.equal(result.failure, undefined, result.failure && describeFailure(name, seed, result.failure));
    assert.ok(result.kept > 0, 'its own sources run');
    assert.deepEqual(readdirSync(folder), [], 'nothing stays in the temporary folder');
  });
}
