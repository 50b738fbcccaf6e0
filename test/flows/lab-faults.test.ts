import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultTable } from '../../src/lab/fault-table.ts';
import { runUsher } from '../kit/run-usher.ts';
import { labFlavours } from '../../src/lab/start-fault-lab.ts';

test('usher lab faults – every provider – what people make wrong with any of them, and names that stand once', () => {
  const names = new Set(faultTable.map(({ name }) => name));
  assert.equal(names.size, faultTable.length);
  for (const flavour of labFlavours.filter((one) => one !== 'okta'))
    for (const name of ['none', 'token-expired', 'key-withdrawn', 'provider-down', 'server-wants-other-issuer'])
      assert.ok(names.has(`${flavour}-${name}`), `${flavour}-${name}`);
});

test('usher lab faults – Keycloak – thirty and more that are particular to it', () => {
  const of = (flavour: string) => faultTable.filter((one) => one.flavour === flavour).map(({ name }) => name);
  const elsewhere = new Set(of('okta'));
  const own = of('keycloak').filter((name) => !elsewhere.has(name.replace(/^keycloak-/, '')));
  assert.ok(own.length >= 30, `${own.length}: ${own.join(' ')}`);
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
