import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findRealProvider } from '../kit/find-real-provider.ts';
import { runProgram } from '../kit/run-program.ts';

export const { url: programs, skip } = findRealProvider('TEST_HELM');
export const root = fileURLToPath(new URL('../..', import.meta.url));
export const chart = join(root, 'charts/usher');
const scenario = join(root, 'examples/kubernetes/values.yaml');

/** A helm that Go built believes in a Kubernetes of years ago. */
export const helm = (args: readonly string[], values: object = {}) =>
  runProgram([join(programs, 'helm'), ...args, '-f', scenario, '-f', '-', '--kube-version', '1.34.4'], {
    env: { HELM_CACHE_HOME: tmpdir() },
    input: JSON.stringify(values),
  });

/** The manifests for these values beside those of the scenario. */
export async function render(values: object = {}, namespace = 'countries'): Promise<string> {
  const { code, stdout, stderr } = await helm(['template', 'usher', chart, '-n', namespace], values);
  assert.equal(code, 0, stderr);
  return stdout;
}

/** Every optional part of the chart. */
const everything = {
  autoscaling: { enabled: true },
  serviceAccount: { name: 'someone', annotations: { a: 'b' } },
  caBundle: { configMap: 'authorities' },
  extraSecrets: [
    { name: 'usher-gateway', key: 'other' },
    { name: 'more', key: 'one' },
  ],
  tolerations: [{ key: 'a', operator: 'Exists' }],
  podLabels: { team: 'a' },
  podAnnotations: { note: 'a' },
  env: [{ name: 'HTTPS_PROXY', value: 'http://proxy:3128' }],
  priorityClassName: 'high',
  imagePullSecrets: [{ name: 'registry' }],
  networkPolicy: { from: [], identityProvider: { peers: [{ ipBlock: { cidr: '203.0.113.0/24' } }] } },
};
/** None of them. */
const nothing = {
  exchange: { enabled: false },
  redis: { url: '' },
  ingress: { enabled: false },
  networkPolicy: { enabled: false },
  podDisruptionBudget: { enabled: false },
  serviceAccount: { create: false },
  issuer: { requiredScopes: [] },
};

/** Values to render it with, by name, beside those of examples/kubernetes. */
export const valueSets: Readonly<Record<string, object>> = { scenario: {}, everything, nothing };
