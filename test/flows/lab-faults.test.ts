import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { faultTable } from '../../src/lab/fault-table.ts';
import { runFault } from '../../src/lab/run-fault.ts';
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
});
