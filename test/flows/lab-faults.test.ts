import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { faultTable } from '../../src/lab/fault-table.ts';
import { runFault } from '../../src/lab/run-fault.ts';
import { runUsher } from '../kit/run-usher.ts';
import { type FaultLab, labFlavours, startFaultLab } from '../../src/lab/start-fault-lab.ts';

/** Each thing people get wrong, one at a time, in front of the real scenario: explain and doctor have to name it. */
for (const flavour of labFlavours) {
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

test('usher lab faults – every provider – what people make wrong with any of them, and names that stand once', () => {
  const names = new Set(faultTable.map(({ name }) => name));
  assert.equal(names.size, faultTable.length);
  for (const flavour of labFlavours.filter((one) => one !== 'okta'))
    for (const name of ['none', 'token-expired', 'key-withdrawn', 'provider-down', 'server-wants-other-issuer'])
      assert.ok(names.has(`${flavour}-${name}`), `${flavour}-${name}`);
});

test('usher lab faults --only NAME --json – that fault by itself, exit 0', async (context) => {
  const { code, stdout, stderr } = await runUsher(context, ['lab', 'faults', '--only', 'wrong-secret', '--json']);
  assert.equal(code, 0, stderr);
  const { ok, faults } = JSON.parse(stdout);
  assert.equal(ok, true);
  assert.equal(faults.length, 1);
  assert.equal(faults[0].explain.cause, 'okta-secret-wrong');
});

test('usher lab faults --list – all of them, or those of one provider', async (context) => {
  const count = async (...more: string[]) => {
    const { stdout } = await runUsher(context, ['lab', 'faults', '--list', ...more]);
    return stdout.trim().split('\n').length;
  };
  assert.equal(await count(), faultTable.length);
  assert.equal(await count('--flavour', 'keycloak'), faultTable.filter(({ flavour }) => flavour === 'keycloak').length);
});

test('usher lab faults – a name that is none, a provider that is none – exit 2 and what there is', async (context) => {
  const args = ['lab', 'faults', '--only', 'wrong-secrets', '--flavour', 'nobody'];
  const { code, stderr } = await runUsher(context, args);
  assert.equal(code, 2);
  assert.match(stderr, /did you mean wrong-secret\?/);
  assert.match(stderr, /expected one of okta, keycloak, auth0, entra/);
});
