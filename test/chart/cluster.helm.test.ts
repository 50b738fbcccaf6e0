import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';
import { runProgram } from '../kit/run-program.ts';
import { render, root, skip as noHelm, valueSets } from './render-chart.ts';

/** A cluster, or an API server alone, that somebody lends: nothing of it is found by itself, since objects are made there. */
const kubeconfig = process.env['TEST_KUBECONFIG'];
const skip = kubeconfig === undefined ? 'no TEST_KUBECONFIG, which names the cluster to try the chart on' : noHelm;
const namespace = `usher-chart-${randomBytes(4).toString('hex')}`;

const kubectl = (args: readonly string[], input = '') =>
  runProgram(['kubectl', '--kubeconfig', kubeconfig ?? '', ...args], { input });

async function apply(manifests: string): Promise<string> {
  const { code, stdout, stderr } = await kubectl(['apply', '-n', namespace, '-f', '-'], manifests);
  assert.equal(code, 0, stderr);
  // Kubernetes takes what its standard for restricted pods forbids, and warns.
  assert.equal(stderr, '');
  return stdout;
}

describe('the chart on a cluster', { skip }, () => {
  before(async () => {
    const labels = { 'pod-security.kubernetes.io/warn': 'restricted' };
    const made = await kubectl(
      ['create', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } }),
    );
    assert.equal(made.code, 0, made.stderr);
  });
  after(() => kubectl(['delete', 'namespace', namespace, '--wait=false']));

  for (const [name, values] of Object.entries(valueSets)) {
    // One after the other, so that each is an upgrade of the one before: fields that cannot change stay as they are.
    test(`values: ${name} – taken without a warning, over those before`, async () => {
      assert.match(await apply(await render(values, namespace)), /deployment\.apps\/usher/);
    });
  }

  test('the manifests of the server behind – taken as well', async () => {
    const manifests = await readFile(join(root, 'examples/kubernetes/apollo.yaml'), 'utf8');
    assert.match(await apply(manifests.replaceAll('namespace: countries', `namespace: ${namespace}`)), /apollo/);
  });

  test('a pod that may do more – warned of, so that the others could have been', async () => {
    const manifests = (await render({}, namespace)).replaceAll('runAsNonRoot: true', 'runAsNonRoot: false');
    const { stderr } = await kubectl(['apply', '--dry-run=server', '-n', namespace, '-f', '-'], manifests);
    assert.match(stderr, /Warning: would violate PodSecurity "restricted/);
  });
});
