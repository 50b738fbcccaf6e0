import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { UsherError } from '../../model/usher-error.ts';
import { readProfile } from './read-profile.ts';

function write(context: TestContext, content: string): { readonly folder: string; readonly file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'usher-profile-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'profile.json');
  writeFileSync(file, content);
  return { folder, file };
}

async function problemOf(read: Promise<unknown>): Promise<string> {
  const error = await read.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof UsherError);
  assert.equal(error.code, 'container_failed');
  return `${error.message} ${error.hint}`;
}

test('the built-in profiles – network reaches everybody, none nobody', async () => {
  assert.deepEqual(await readProfile('i', 'network'), { isIsolated: false, egress: undefined, volumes: [] });
  assert.deepEqual(await readProfile('i', 'none'), { isIsolated: true, egress: undefined, volumes: [] });
});

test('a file of another gateway – mounts and network as it says', async (context) => {
  const content = {
    name: 'files',
    read: ['/etc/hosts', 'notes/a.txt:/a.txt', 'named:/data'],
    write: ['/tmp'],
    network: { outbound: { insecure_allow_all: true, allow_host: [], allow_port: [] } },
  };
  const { file, folder } = write(context, JSON.stringify(content));
  assert.deepEqual(await readProfile('i', file), {
    isIsolated: false,
    egress: undefined,
    volumes: ['/etc/hosts:/etc/hosts:ro', `${folder}/notes/a.txt:/a.txt:ro`, 'named:/data:ro', '/tmp:/tmp:rw'],
  });
});

test('a file that says nothing of the network – lets it reach nobody', async (context) => {
  const { file } = write(context, 'read: [/etc/hosts]\n');
  assert.equal((await readProfile('i', file)).isIsolated, true);
});

const refused = [
  ['{"privileged":true}', /asks for a privileged container.*--cap-add/],
  ['{"network":{"mode":"host"}}', /asks for the network mode "host"/],
  ['{"network":{"outbound":{"allow_host":["https://api.example.com"]}}}', /cannot be kept to: "https:.* is no host: /],
  [
    '{"network":{"outbound":{"allow_host":["host.docker.internal"]}}}',
    /is this machine with everything .*name the port/,
  ],
  ['{"network":{"outbound":{"allow_port":[0]}}}', /cannot be kept to: 0 is no port/],
  [
    '{"network":{"outbound":{"insecure_allow_all":true,"allow_host":["a.example"]}}}',
    /everybody \(insecure_allow_all\), and hosts/,
  ],
  ['{"network":{"mode":"none","outbound":{"allow_host":["a.example"]}}}', /nobody \(mode none\), and hosts/],
  ['{"netwrok":{}}', /is none: .*netwrok/],
  ['{"read":"all"}', /is none: read: /],
  ['{', /is none/],
] as const;

for (const [content, expected] of refused) {
  test(`a profile ${content} – refused`, async (context) => {
    assert.match(await problemOf(readProfile('i', write(context, content).file)), expected);
  });
}

test('a file that names hosts, and hosts beside it – has no way out but to these', async (context) => {
  const { file } = write(context, '{"network":{"outbound":{"allow_host":["a.example"],"allow_port":[443]}}}');
  const { isIsolated, egress } = await readProfile('i', file, ['b.example:8443']);
  assert.equal(isIsolated, true);
  const allowed = ['a.example:443', 'b.example:8443', 'a.example:80', 'b.example:443', 'c.example:443'].filter(
    (text) => {
      const [host = '', port] = text.split(':');
      return egress?.allows(host, Number(port));
    },
  );
  assert.deepEqual(allowed, ['a.example:443', 'b.example:8443']);
});

for (const profile of ['network', 'none']) {
  test(`profile ${profile} and hosts – has no way out but to these`, async () => {
    const { isIsolated, egress } = await readProfile('i', profile, ['a.example']);
    assert.deepEqual([isIsolated, egress?.text], [true, 'a.example']);
  });
}

test('a host that is none – refused by the name of its flag', async () =>
  assert.match(await problemOf(readProfile('i', 'none', ['a b'])), /--allow-host: "a b" is no host/));

test('a name that is none – the built-in ones are named', async () =>
  assert.match(await problemOf(readProfile('i', 'full')), /there is no permission profile "full".*none and network/));

test('a file that is not there – said so', async () =>
  assert.match(await problemOf(readProfile('i', './no/such.json')), /cannot be read: no such file/));
