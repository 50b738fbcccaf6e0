import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { faultTable } from '../../src/lab/fault-table.ts';
import { runFault } from '../../src/lab/run-fault.ts';
import { type FaultLab, type LabFlavour, startFaultLab } from '../../src/lab/start-fault-lab.ts';

/** Each thing people get wrong, one at a time, in front of the real scenario: explain and doctor have to name it. */
export function testFaultsOf(flavour: LabFlavour): void {
  describe(`usher lab faults, ${flavour}`, () => {
    let lab: FaultLab;
    let folder: string;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'usher-faults-'));
      lab = await startFaultLab(folder, flavour);
    });
    after(async () => {
      await lab[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    for (const fault of faultTable.filter((one) => (one.flavour ?? 'okta') === flavour)) {
      test(`${fault.name} – one call – explain and doctor name it`, async () => {
        const { explain, doctor } = await runFault(lab, fault);
        assert.ok(explain.isRight, `explain said ${explain.cause}: ${explain.says}`);
        assert.ok(doctor.isRight, `doctor said ${doctor.cause}: ${doctor.says}`);
      });
    }

    test('something is expected of a healthy scenario, nothing of a spoilt one – not right', async () => {
      const title = 'What is expected is wrong';
      const healthy = await runFault(lab, { name: 'healthy', title, explain: ['a'], doctor: ['b'] });
      assert.deepEqual([healthy.explain.isRight, healthy.doctor.isRight], [false, false]);
      const nothing = { nothing: 'so it is said' };
      const gateway = () => ({ clientSecret: 'not-the-secret' });
      const spoilt = await runFault(lab, { name: 'spoilt', title, gateway, explain: nothing, doctor: nothing });
      assert.deepEqual([spoilt.explain.isRight, spoilt.doctor.isRight], [false, false]);
    });
  });
}
