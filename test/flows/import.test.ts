import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { callMcp } from '../../src/demo/call-mcp.ts';
import { signInUser } from '../../src/demo/sign-in-user.ts';
import { Secret } from '../../src/model/secret.ts';
import { openSecretStore } from '../../src/secrets/open-secret-store.ts';
import { freePort } from '../kit/free-port.ts';
import { makeMachine } from '../kit/make-machine.ts';
import { startScenario } from '../kit/start-scenario.ts';

/** As `thv export` writes one, of a server that runs elsewhere. */
const base = {
  schema_version: 'v0.1.0',
  image: '',
  remote_url: 'http://127.0.0.1:9/mcp',
  name: 'apollo',
  base_name: 'apollo',
  transport: 'streamable-http',
  host: '127.0.0.1',
  port: 8000,
  permission_profile: null,
  oidc_config: {
    Issuer: 'https://issuer.example.com',
    Audience: 'mcpserver',
    JWKSURL: '',
    ClientID: '',
    ClientSecret: '',
    CACertPath: '',
    AuthTokenFile: '',
    AllowPrivateIP: false,
    InsecureAllowHTTP: false,
    IntrospectionURL: '',
    ResourceURL: '',
    Scopes: null,
  },
  proxy_mode: 'streamable-http',
  group: 'default',
  ignore_config: { LoadGlobal: true, PrintOverlays: false },
};
const exchange = {
  token_url: 'https://issuer.example.com/token',
  client_id: 'gateway',
  client_secret: 'gateway-s3cr3t',
  audience: 'backend',
  scopes: ['backend-api:read'],
};

function prepare(context: TestContext) {
  const machine = makeMachine(context, { USHER_SECRETS_KEY: 'file' });
  return {
    machine,
    write: (name: string, config: object | string): string => {
      const file = join(machine.home, name);
      writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config, undefined, 2));
      return file;
    },
  };
}

test('usher import – the scenario’s configuration – is shown, kept with its secret in the store, starts, and answers with the user’s exchanged token', async (context) => {
  const { machine, write } = prepare(context);
  await using scenario = await startScenario();
  const [mcpserver, backend] = ['mcpserver', 'backend'].map((id) => scenario.idp.servers.find((one) => one.id === id));
  const gatewayApp = scenario.idp.apps.find(({ clientId }) => clientId === 'gateway');
  assert.ok(mcpserver !== undefined && backend !== undefined && gatewayApp?.clientSecret !== undefined);
  const port = await freePort();
  const url = `http://localhost:${port}/mcp`;
  const oidc_config = {
    ...base.oidc_config,
    Issuer: mcpserver.issuer,
    Audience: mcpserver.audience,
    CACertPath: scenario.idp.caFile,
    ResourceURL: url,
    Scopes: ['mcp:tools:call'],
  };
  const token_exchange_config = {
    token_url: backend.tokenUrl,
    client_id: 'gateway',
    client_secret: gatewayApp.clientSecret,
    audience: backend.audience,
    scopes: ['backend-api:read'],
  };
  const file = write('apollo.json', {
    ...base,
    remote_url: scenario.mcpServerUrl,
    port,
    group: 'work',
    oidc_config,
    token_exchange_config,
    middleware_configs: [
      { type: 'auth', parameters: { oidc_config } },
      { type: 'tokenexchange', parameters: { token_exchange_config } },
      { type: 'mcp-parser', parameters: {} },
      { type: 'recovery', parameters: null },
    ],
  });

  const planned = await machine.usher(['import', file, '--dry-run']);
  assert.equal(planned.code, 0, planned.stderr);
  assert.match(planned.stdout, /^apollo, from .*apollo\.json, in the group work:\n/);
  assert.match(planned.stdout, /clientSecretRef: server\.apollo\.credential\.clientSecret\n/);
  assert.match(planned.stdout, /oidc_config\.Scopes: every call needs them now/);
  assert.equal(await machine.look('apollo'), undefined);

  const imported = await machine.usher(['import', file, '--yes', '--json']);
  assert.equal(imported.code, 0, imported.stderr);
  const [report] = JSON.parse(imported.stdout) as Record<string, unknown>[];
  assert.deepEqual(
    [report?.['state'], report?.['name'], report?.['secrets']],
    ['imported', 'apollo', ['server.apollo.credential.clientSecret']],
  );
  for (const text of [planned.stdout, imported.stdout, imported.stderr, machine.read('apollo', 'settings.yaml')])
    assert.ok(!text.includes(gatewayApp.clientSecret), text);
  assert.equal(
    openSecretStore(machine.env).find('server.apollo.credential.clientSecret')?.reveal(),
    gatewayApp.clientSecret,
  );
  assert.equal(statSync(machine.file('apollo', 'settings.yaml')).mode & 0o777, 0o600);
  const view = await machine.look('apollo');
  assert.deepEqual([view?.['state'], view?.['group']], ['stopped', 'work']);
  assert.equal((await machine.usher(['export', 'apollo'])).stdout, report?.['settings']);

  const started = await machine.usher(['start', 'apollo']);
  assert.equal(started.code, 0, started.stderr);
  const [user] = scenario.idp.users;
  const { callerToken } = await signInUser({
    mcpUrl: url,
    clientId: 'demo',
    redirectUri: 'http://127.0.0.1:33333/callback',
    username: user?.login ?? '',
    password: user?.password ?? '',
    caFile: scenario.idp.caFile,
  });
  const called = await callMcp(url, callerToken, 'tools/call', { name: 'GetCountry', arguments: { code: 'CZ' } });
  assert.match(JSON.stringify(called.result), /Prague/);
  assert.ok(
    scenario.apiLines.some((line) => line.includes('"aud":"backend"') && line.includes('"sub":"alice@example.com"')),
  );
  const gone = await machine.usher(['rm', 'apollo', '--force']);
  assert.equal(gone.code, 0, gone.stderr);
  assert.equal(openSecretStore(machine.env).find('server.apollo.credential.clientSecret'), undefined);
});

test('usher import – what decides who may do what – is refused with its key, and left out when that is said', async (context) => {
  const { machine, write } = prepare(context);
  const file = write('apollo.json', {
    ...base,
    authz_config: { version: '1.0', type: 'cedarv1', cedar: { policies: ['forbid(principal, action, resource);'] } },
    frobnicate: true,
  });
  const refused = await machine.usher(['import', file, '--yes']);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /error: Cannot import .*apollo\.json: 2 problems\n/);
  assert.match(refused.stderr, / {2}authz_config: says who may use what, .*--without authz_config leaves it out\n/);
  assert.match(refused.stderr, / {2}frobnicate: is not known; nobody can say whether it keeps somebody out/);
  assert.equal(await machine.look('apollo'), undefined);
  const half = await machine.usher(['import', file, '--yes', '--without', 'frobnicate']);
  assert.equal(half.code, 2);
  const typo = await machine.usher(['import', file, '--yes', '--without', 'frobnicate,authz']);
  assert.match(typo.stderr, /--without: names "authz", but what is in the way is frobnicate, authz_config\n/);
  const done = await machine.usher(['import', file, '--yes', '--without', 'frobnicate,authz_config']);
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stderr, /left out, as you said:\n {4}frobnicate: .*\n {4}authz_config: /);
});

test('usher import – a file that lets everybody call – only with --anonymous, or with flags that say who may', async (context) => {
  const { machine, write } = prepare(context);
  const { oidc_config: _, ...open } = base;
  const file = write('apollo.json', open);
  const refused = await machine.usher(['import', file, '--yes']);
  assert.match(refused.stderr, /oidc_config: is missing: with ToolHive everybody may call who can connect\./);
  assert.equal((await machine.usher(['import', file, '--yes', '--anonymous'])).code, 0);
  assert.match(machine.read('apollo', 'settings.yaml'), /strategy: anonymous/);
  const flags = ['--oidc-issuer', 'https://issuer.example.com', '--oidc-audience', 'mcpserver', '--name', 'other'];
  const named = await machine.usher(['import', file, '--yes', ...flags]);
  assert.equal(named.code, 0, named.stderr);
  assert.match(machine.read('other', 'settings.yaml'), /issuer: https:\/\/issuer\.example\.com/);
});

test('usher import – a secret that stands elsewhere – from a file, from the store, from the variable of ToolHive', async (context) => {
  const { machine, write } = prepare(context);
  const { client_secret: _, ...without } = exchange;
  const file = write('apollo.json', { ...base, token_exchange_config: without });
  const refused = await machine.usher(['import', file, '--yes']);
  assert.match(refused.stderr, /--token-exchange-client-secret: is missing/);
  const secretFile = write('secret.txt', 'from-file\n');
  const fromFile = ['--token-exchange-client-secret-file', secretFile, '--name', 'by-file'];
  assert.equal((await machine.usher(['import', file, '--yes', ...fromFile])).code, 0);
  assert.match(machine.read('by-file', 'settings.yaml'), new RegExp(`clientSecretFile: ${secretFile}`));
  const env = { TOOLHIVE_TOKEN_EXCHANGE_CLIENT_SECRET: 'from-variable' };
  const byVariable = await machine.usher(['import', file, '--yes', '--name', 'by-variable'], { env });
  assert.equal(byVariable.code, 0, byVariable.stderr);
  assert.equal(
    openSecretStore(machine.env).find('server.by-variable.credential.clientSecret')?.reveal(),
    'from-variable',
  );
  const headers = { add_headers_from_secret: { 'X-Api-Key': 'acme-key' } };
  const keyed = write('keyed.json', { ...base, header_forward: headers });
  const missing = await machine.usher(['import', keyed, '--yes', '--name', 'keyed']);
  assert.match(missing.stderr, /header_forward: names a secret that is not in .*usher secret set NAME puts it there/);
  await openSecretStore(machine.env).put('acme-key', new Secret('k3y'));
  assert.equal((await machine.usher(['import', keyed, '--yes', '--name', 'keyed'])).code, 0);
  assert.match(machine.read('keyed', 'settings.yaml'), /valueRef: acme-key/);
});

test('usher import – a folder – all of it, or nothing where one file cannot be used or two have one name', async (context) => {
  const { machine } = prepare(context);
  const folder = join(machine.home, 'exported');
  mkdirSync(folder);
  const put = (name: string, config: object | string) =>
    writeFileSync(join(folder, name), typeof config === 'string' ? config : JSON.stringify(config));
  put('one.json', { ...base, name: 'one', token_exchange_config: exchange });
  put(
    'two.yaml',
    'schema_version: v0.1.0\nname: two\nimage: ghcr.io/acme/server:1\ntransport: streamable-http\nport: 8001\ntarget_port: 9000\noidc_config:\n  Issuer: https://issuer.example.com\n  Audience: two\n',
  );
  put('notes.txt', 'not one of them');
  put('broken.json', '{"name": "broken",');
  const broken = await machine.usher(['import', folder, '--yes']);
  assert.equal(broken.code, 2);
  assert.match(
    broken.stderr,
    /Cannot import .*broken\.json: it is neither JSON nor YAML: .*\nhint: Nothing was imported\./,
  );
  assert.equal((await machine.usher(['list', '--json'])).stdout, '[]\n');
  put('broken.json', { ...base, name: 'one' });
  const twins = await machine.usher(['import', folder, '--yes']);
  assert.match(twins.stderr, /Cannot import .*one\.json: its server is called one, as that of .*broken\.json\n/);
  assert.ok(!existsSync(machine.file('one', '')));
  put('broken.json', { ...base, name: 'three' });
  const done = await machine.usher(['import', folder, '--yes']);
  assert.equal(done.code, 0, done.stderr);
  const listed = JSON.parse((await machine.usher(['list', '--json'])).stdout) as { name: string; state: string }[];
  assert.deepEqual(
    listed.map(({ name, state }) => `${name} ${state}`),
    ['one stopped', 'three stopped', 'two stopped'],
  );
});

test('usher import – a name that is taken – is refused; an imported server is not overwritten by usher run', async (context) => {
  const { machine, write } = prepare(context);
  const file = write('apollo.json', base);
  assert.equal((await machine.usher(['import', file, '--yes'])).code, 0);
  const before = readFileSync(machine.file('apollo', 'settings.yaml'), 'utf8');
  for (const args of [
    ['import', file, '--yes'],
    ['run', '--anonymous', '--name', 'apollo', '--port', `${await freePort()}`, 'http://127.0.0.1:9/mcp'],
  ]) {
    const { code, stderr } = await machine.usher(args);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /Cannot run a server called apollo: there is one already, stopped\nhint: usher start apollo/);
  }
  assert.equal(readFileSync(machine.file('apollo', 'settings.yaml'), 'utf8'), before);
});

test('usher import – without a terminal, without files, with a folder that has none – says what is wanted', async (context) => {
  const { machine, write } = prepare(context);
  const file = write('apollo.json', base);
  assert.match(
    (await machine.usher(['import', file])).stderr,
    /--yes: is missing; without a terminal nobody can be asked/,
  );
  assert.match((await machine.usher(['import', '--yes'])).stderr, /FILE: is missing; give what thv export wrote/);
  mkdirSync(join(machine.home, 'empty'));
  const empty = await machine.usher(['import', join(machine.home, 'empty'), '--yes']);
  assert.match(empty.stderr, /empty: has no file that ends in \.json/);
  const missing = await machine.usher(['import', join(machine.home, 'none.json'), '--yes']);
  assert.match(missing.stderr, /none\.json: cannot be read: no such file or folder/);
});
