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
  assert.deepEqual(await readProfile('i', 'network'), { isIsolated: false, volumes: [] });
  assert.deepEqual(await readProfile('i', 'none'), { isIsolated: true, volumes: [] });
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
  ['{"network":{"outbound":{"allow_host":["api.example.com"]}}}', /names single hosts or ports.*insecure_allow_all/],
  ['{"netwrok":{}}', /is none: .*netwrok/],
  ['{"read":"all"}', /is none: read: /],
  ['{', /is none/],
] as const;

for (const [content, expected] of refused) {
  test(`a profile ${content} – refused`, async (context) => {
    assert.match(await problemOf(readProfile('i', write(context, content).file)), expected);
  });
}

test('a name that is none – the built-in ones are named', async () =>
  assert.match(await problemOf(readProfile('i', 'full')), /there is no permission profile "full".*none and network/));

test('a file that is not there – said so', async () =>
  assert.match(await problemOf(readProfile('i', './no/such.json')), /cannot be read: no such file/));
