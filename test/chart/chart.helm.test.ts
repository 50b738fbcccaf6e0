import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { makeAuthority } from '../kit/make-certificate.ts';
import { runProgram } from '../kit/run-program.ts';
import { runUsher } from '../kit/run-usher.ts';
import { chart, helm, programs, render, root, skip, valueSets } from './render-chart.ts';

const authority = await makeAuthority();
const schemas = join(root, 'test/chart/schemas/{{ .ResourceKind }}{{ .KindSuffix }}.json');

const manifestSchema = z.looseObject({ kind: z.string(), data: z.record(z.string(), z.string()).optional() });
const findManifest = (manifests: string, kind: string) =>
  parseAllDocuments(manifests)
    .map((document) => manifestSchema.parse(document.toJS()))
    .find((one) => one.kind === kind);

async function checkSchemas(manifests: string): Promise<string> {
  const { code, stdout, stderr } = await runProgram(
    [join(programs, 'kubeconform'), '-strict', '-summary', '-schema-location', schemas, '-'],
    { input: manifests },
  );
  assert.equal(code, 0, stdout + stderr);
  return stdout;
}

/** The configuration file in the manifests, with the paths of a pod below a folder of this machine, where its files are. */
async function layOut(context: TestContext, manifests: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'chart-'));
  context.after(() => rm(folder, { recursive: true }));
  const text = (findManifest(manifests, 'ConfigMap')?.data?.['usher.yaml'] ?? '').replaceAll(
    /\/(?:run\/secrets|etc)\/usher\//g,
    (path) => join(folder, path),
  );
  for (const [path] of text.matchAll(/\/\S+\/(?:run\/secrets|etc\/usher\/ca)\/\S+/g)) {
    await mkdir(dirname(path), { recursive: true });
    const content = path.endsWith('.crt') ? authority.ca : 'a secret of more than thirty-two characters';
    await writeFile(path, content, { mode: 0o600 });
  }
  const file = join(folder, 'usher.yaml');
  await writeFile(file, text);
  return file;
}

describe('the chart', { skip }, () => {
  test('linted – nothing to say', async () => {
    const { code, stdout } = await helm(['lint', '--strict', chart]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /1 chart\(s\) linted, 0 chart\(s\) failed/);
  });

  for (const [name, values] of Object.entries(valueSets)) {
    test(`values: ${name} – every manifest is one of Kubernetes, with no field it does not know`, async () => {
      const summary = await checkSchemas(await render(values));
      assert.match(summary, /Invalid: 0, Errors: 0, Skipped: 0/);
    });

    test(`values: ${name} – the configuration in it is one that Usher takes`, async (context) => {
      const file = await layOut(context, await render(values));
      const { code, stderr } = await runUsher(context, ['config', 'check', '-f', file]);
      assert.equal(code, 0, stderr);
    });
  }

  test('a misspelt field – the schemas refuse it, so that they can', async () => {
    const { code, stdout } = await runProgram(
      [join(programs, 'kubeconform'), '-strict', '-schema-location', schemas, '-'],
      { input: (await render()).replace('image:', 'imag:') },
    );
    assert.equal(code, 1);
    assert.match(stdout, /imag/);
  });

  test('the manifests of the server behind – of Kubernetes, too', async () => {
    const { code, stdout } = await runProgram([
      join(programs, 'kubeconform'),
      '-strict',
      '-schema-location',
      schemas,
      join(root, 'examples/kubernetes/apollo.yaml'),
    ]);
    assert.equal(code, 0, stdout);
  });

  test('a setting of extraConfig – wins over the values', async () => {
    const manifests = await render({
      extraConfig: { servers: { apollo: { path: '/other' } }, log: { level: 'debug' } },
    });
    const config: unknown = parse(findManifest(manifests, 'ConfigMap')?.data?.['usher.yaml'] ?? '');
    const { servers, log } = z
      .object({ servers: z.object({ apollo: z.looseObject({ path: z.string() }) }), log: z.looseObject({}) })
      .parse(config);
    assert.deepEqual([servers.apollo.path, log], ['/other', { level: 'debug', format: 'json' }]);
  });

  test('a façade in extraConfig – the ingress leads to its pages and its metadata', async () => {
    const facade = {
      clientId: 'gateway',
      clientSecretFile: '/run/secrets/usher/a/b',
      keyFile: '/run/secrets/usher/a/c',
    };
    const paths = async (servers: object): Promise<string[]> => {
      const ingress = findManifest(await render({ extraConfig: { servers } }), 'Ingress');
      return [...JSON.stringify(ingress).matchAll(/"path":"([^"]+)"/g)].map(([, path = '']) => path);
    };
    const usual = ['/mcp', '/.well-known/oauth-protected-resource'];
    assert.deepEqual(await paths({}), usual);
    const metadata = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'];
    assert.deepEqual(await paths({ apollo: { facade } }), [...usual, '/oauth/apollo', ...metadata]);
    const elsewhere = { ...facade, url: 'https://mcp.example.com/sign-in' };
    assert.deepEqual(await paths({ apollo: { facade: elsewhere } }), [...usual, '/sign-in', ...metadata]);
  });

  test('the Gateway API in place of an ingress – a route from the named Gateway to the same paths, and no ingress', async () => {
    const parentRefs = [{ name: 'outside', namespace: 'gateways', sectionName: 'https' }];
    const timeouts = { request: '0s' };
    const manifests = await render({ ingress: { enabled: false }, httpRoute: { enabled: true, parentRefs, timeouts } });
    assert.equal(findManifest(manifests, 'Ingress'), undefined);
    const { spec } = z
      .looseObject({ spec: z.looseObject({ rules: z.array(z.looseObject({})) }) })
      .parse(findManifest(manifests, 'HTTPRoute'));
    const matches = ['/mcp', '/.well-known/oauth-protected-resource'].map((value) => ({
      path: { type: 'PathPrefix', value },
    }));
    assert.deepEqual(spec, {
      parentRefs,
      hostnames: ['mcp.example.com'],
      rules: [{ matches, timeouts, backendRefs: [{ name: 'usher', port: 80 }] }],
    });
    const { code, stderr } = await helm(['template', 'usher', chart], { httpRoute: { enabled: true } });
    assert.equal(code, 1);
    assert.match(stderr, /httpRoute\.parentRefs is empty: name the Gateway/);
  });

  test('ports of the network policy – those of the URLs, unless they are given', async () => {
    const portsOf = async (values: object): Promise<string[]> => {
      const policy = findManifest(await render(values), 'NetworkPolicy');
      return [...JSON.stringify(policy).matchAll(/"port":(\d+)/g)].map(([, port = '']) => port);
    };
    const open = { server: { port: null }, redis: { port: null } };
    const values = {
      server: { url: 'http://apollo.countries.svc:9000/mcp' },
      redis: { url: 'rediss://redis.example.com:6380' },
      issuer: { url: 'https://sso.example.com:8443/realms/a' },
      networkPolicy: open,
    };
    assert.deepEqual(await portsOf(values), ['53', '53', '9000', '8443', '443', '6380']);
    const given = { server: { port: 1 }, redis: { port: 2 }, identityProvider: { port: 3 } };
    assert.deepEqual(await portsOf({ ...values, networkPolicy: given }), ['53', '53', '1', '3', '2']);
    const usual = { server: { url: 'http://apollo/mcp' }, redis: { url: 'redis://redis' }, networkPolicy: open };
    assert.deepEqual(await portsOf(usual), ['53', '53', '80', '443', '6379']);
  });

  test('users of the cluster’s own (OpenShift) – none is named', async () => {
    const left = { runAsUser: null, runAsGroup: null, fsGroup: null };
    const manifests = await render({ podSecurityContext: left });
    assert.match(manifests, /runAsNonRoot: true/);
    assert.doesNotMatch(manifests, /runAsUser|runAsGroup|fsGroup/);
    await checkSchemas(manifests);
  });

  test('another configuration – other pods', async () => {
    const sumOf = (manifests: string) => /checksum\/config: (\w+)/.exec(manifests)?.[1];
    const [before, after] = [await render(), await render({ log: { level: 'debug' } })].map(sumOf);
    assert.ok(before !== undefined && before !== after);
  });

  test('two keys of one Secret – one volume with both', async () => {
    const manifests = await render();
    assert.equal(manifests.match(/secretName: usher-state/g)?.length, 1);
    assert.match(manifests, /key: "state-key".*\n\s*- \{ key: "password"|key: "password".*\n\s*- \{ key: "state-key"/);
  });

  const mistakes: readonly (readonly [string, object, RegExp])[] = [
    ['no image', { image: { repository: '' } }, /image\.repository is empty: name the image of Usher/],
    ['no issuer', { issuer: { url: '' } }, /issuer\.url is empty: give the issuer of the callers' tokens/],
    [
      'no secret of the client',
      { exchange: { secret: { name: '' } } },
      /exchange\.secret\.name is empty: name the Secret/,
    ],
    ['no key of the shared state', { redis: { stateKey: { name: '' } } }, /redis\.stateKey\.name is empty/],
    ['a misspelt value', { server: { urll: 'http://a' } }, /urll/],
    ['no replicas', { replicas: 0 }, /replicas/],
  ];
  for (const [name, values, wanted] of mistakes) {
    test(`${name} – refused before anything is installed, by its name`, async () => {
      const { code, stderr } = await helm(['template', 'usher', chart], values);
      assert.equal(code, 1);
      assert.match(stderr, wanted);
    });
  }
});
