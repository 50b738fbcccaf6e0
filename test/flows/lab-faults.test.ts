import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { faultTable } from '../../src/lab/fault-table.ts';
import { runFault } from '../../src/lab/run-fault.ts';
import { runUsher } from '../kit/run-usher.ts';
import { type FaultLab, startFaultLab } from '../../src/lab/start-fault-lab.ts';

/** Each thing people get wrong, one at a time, in front of the real scenario: explain and doctor have to name it. */
describe('usher lab faults', () => {
  let lab: FaultLab;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'usher-faults-'));
    lab = await startFaultLab(folder);
  });
  after(async () => {
    await lab[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  for (const fault of faultTable) {
    test(`${fault.name} – one call – explain and doctor name it`, async () => {
      const { explain, doctor } = await runFault(lab, fault);
      assert.ok(explain.isRight, `explain said ${explain.cause}: ${explain.says}`);
      assert.ok(doctor.isRight, `doctor said ${doctor.cause}: ${doctor.says}`);
    });
  }

  test('a fault that nobody names, a healthy scenario that somebody complains of – not right', async () => {
    const title = 'Nothing is wrong, and something is expected';
    const { explain, doctor } = await runFault(lab, { name: 'odd', title, explain: ['a'], doctor: ['b'] });
    assert.deepEqual([explain.isRight, doctor.isRight], [false, false]);
    const nothing = { nothing: 'so it is said' };
    const gateway = () => ({ clientSecret: 'not-the-secret' });
    const wrong = await runFault(lab, { name: 'odd2', title, gateway, explain: nothing, doctor: nothing });
    assert.deepEqual([wrong.explain.isRight, wrong.doctor.isRight], [false, false]);
  });

  test('usher lab faults --only NAME --json – that fault by itself, exit 0', async (context) => {
    const { code, stdout, stderr } = await runUsher(context, ['lab', 'faults', '--only', 'wrong-secret', '--json']);
    assert.equal(code, 0, stderr);
    const { ok, faults } = JSON.parse(stdout);
    assert.equal(ok, true);
    assert.equal(faults.length, 1);
    assert.equal(faults[0].explain.cause, 'okta-secret-wrong');
  });

  test('usher lab faults --list – all of them; a name that is none – exit 2 and the closest', async (context) => {
    const { stdout } = await runUsher(context, ['lab', 'faults', '--list']);
    assert.equal(stdout.trim().split('\n').length, faultTable.length);
    const { code, stderr } = await runUsher(context, ['lab', 'faults', '--only', 'wrong-secrets']);
    assert.equal(code, 2);
    assert.match(stderr, /did you mean wrong-secret\?/);
  });
});
