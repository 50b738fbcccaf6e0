import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { stringify } from 'yaml';
import { makeAuthority, writePair } from '../../test/kit/make-certificate.ts';
import { flag, loadOne, writeText } from '../../test/kit/config-input.ts';
import { Secret } from '../model/secret.ts';
import { type Leaf, leaves, type Segment } from './leaves.ts';
import { loadConfig } from './load.ts';
import { setOwn, type Tree, valueAt } from './path.ts';
import { environmentNames } from './read-environment.ts';
import { formatSource } from './source.ts';

interface Sample {
  /** As flag and in the environment. */
  readonly text: string;
  /** In the file. */
  readonly yaml: unknown;
  /** As the program sees it. */
  readonly value: unknown;
}

function same(value: unknown): Sample {
  return { text: String(value), yaml: value, value };
}

function listOf(...items: string[]): Sample {
  return { text: items.join(','), yaml: items, value: items };
}

const tlsFolder = mkdtempSync(join(tmpdir(), 'usher-test-'));
after(() => rmSync(tlsFolder, { recursive: true }));
const tlsFiles = writePair(tlsFolder, await (await makeAuthority()).issue());

type Samples = Readonly<Record<string, Sample>>;

/** Of the settings that several groups have, by what their flags begin with. */
function clientSamples(prefix: string): Samples {
  return {
    [`${prefix}-id`]: same('gateway'),
    [`${prefix}-secret`]: same('shh'),
    [`${prefix}-auth`]: same('client_secret_post'),
    [`${prefix}-key`]: same(tlsFiles.keyFile),
    [`${prefix}-key-id`]: same('key-1'),
    [`${prefix}-key-algorithm`]: same('ES256'),
    [`${prefix}-cert`]: same(tlsFiles.certFile),
    [`${prefix}-assertion-audience`]: same('https://issuer.example.com'),
  };
}

function tokenSamples(prefix: string): Samples {
  return {
    [`${prefix}-header`]: same('X-Upstream-Token'),
    [`${prefix}-header-prefix`]: same('Token'),
    [`${prefix}-timeout`]: same(3),
  };
}

function proofSamples(prefix: string): Samples {
  return {
    [prefix]: same(true),
    [`${prefix}-key`]: same(tlsFiles.keyFile),
    [`${prefix}-url`]: same('https://api.example.com/graphql'),
  };
}

/** One value for each setting, none of them the default. A setting without a line here fails the test below. */
const samples: Samples = {
  host: same('127.0.0.2'),
  port: same(8111),
  'tls-cert': same(tlsFiles.certFile),
  'tls-key': same(tlsFiles.keyFile),
  'max-connections': same(100),
  'drain-timeout': same(30),
  'ca-file': same(new URL('load.test.pem', import.meta.url).pathname),
  'state-url': same('redis://127.0.0.1:6390/2'),
  'state-username': same('usher'),
  'state-password': { text: 'open-sesame', yaml: 'open-sesame', value: 'open-sesame' },
  'state-key': { text: 'k'.repeat(32), yaml: 'k'.repeat(32), value: 'k'.repeat(32) },
  'state-prefix': same('other:'),
  'state-insecure-allow-plain': same(true),
  'log-level': same('warn'),
  'log-format': same('json'),
  'audit-file': same('/tmp/audit.jsonl'),
  'audit-when-unwritable': same('continue'),
  path: same('/other/mcp'),
  'resource-url': same('https://gateway.example.com/mcp'),
  'allowed-hosts': listOf('gateway.example.com', 'other.example.com'),
  'allowed-origins': listOf('https://app.example.com'),
  'oidc-issuer': same('https://issuer.example.com/oauth2/as2'),
  'oidc-audience': listOf('one', 'two'),
  'oidc-jwks-url': same('https://issuer.example.com/keys'),
  'oidc-algorithms': listOf('ES256', 'EdDSA'),
  'oidc-clock-skew': same(5),
  'oidc-insecure-allow-http': same(true),
  'require-dpop': same(true),
  'dpop-nonces': same(true),
  'dpop-max-age': same(30),
  'introspection-issuer': same('https://issuer.example.com/oauth2/as3'),
  'introspection-url': same('https://issuer.example.com/introspect'),
  'introspection-audience': listOf('one', 'two'),
  ...clientSamples('introspection-client'),
  'introspection-token-prefix': same('acme_'),
  'introspection-accept-untyped': same(true),
  'introspection-cache': same(5),
  'introspection-clock-skew': same(6),
  'introspection-insecure-allow-http': same(true),
  ...clientSamples('facade-client'),
  'facade-issuer': same('https://issuer.example.com'),
  'facade-url': same('https://gateway.example.com/sign-in'),
  'facade-key': { text: 'f'.repeat(32), yaml: 'f'.repeat(32), value: 'f'.repeat(32) },
  'facade-scopes': listOf('offline_access', 'email'),
  'facade-redirect-uris': listOf('https://app.example.com/callback'),
  'facade-client-documents': listOf('vscode.dev', '*.example.com'),
  'facade-unsafe-dev-loopback-documents': same(true),
  'facade-registration-days': same(30),
  'facade-drop-resource': same(true),
  'oidc-scopes': listOf('mcp:tools:call', 'openid'),
  'oidc-scope-prefix': same('api://gateway/'),
  'remote-auth': same(true),
  'remote-auth-issuer': same('https://issuer.example.com/oauth2/as4'),
  'remote-auth-authorize-url': same('https://issuer.example.com/authorize'),
  'remote-auth-token-url': same('https://issuer.example.com/token'),
  ...clientSamples('remote-auth-client'),
  'remote-auth-scopes': listOf('mcp:tools:call', 'openid'),
  'remote-auth-scope-param-name': same('user_scope'),
  'remote-auth-resource': same('https://mcp.example.com/'),
  'remote-auth-parameter': { text: 'audience=backend', yaml: { audience: 'backend' }, value: { audience: 'backend' } },
  'remote-auth-flow': same('device'),
  'remote-auth-callback-port': same(33_418),
  'remote-auth-redirect-uri': same('http://127.0.0.1:33418'),
  'remote-auth-timeout': same(60),
  'remote-auth-skip-browser': same(true),
  'remote-auth-bearer-token': same('shh'),
  'remote-auth-open': same(true),
  'token-exchange-url': same('https://issuer.example.com/token'),
  provider: same('keycloak'),
  ...clientSamples('token-exchange-client'),
  'token-exchange-audience': listOf('backend'),
  'token-exchange-resource': listOf('https://api.example.com/'),
  'token-exchange-scopes': listOf('backend-api:read'),
  ...proofSamples('token-exchange-dpop'),
  'token-exchange-subject-token-type': same('jwt'),
  'token-exchange-requested-token-type': same('access_token'),
  'token-exchange-actor-token': same('actor'),
  'token-exchange-actor-token-type': same('jwt'),
  'token-exchange-actor-from-client': same(true),
  'token-exchange-actor-scopes': listOf('act'),
  'token-exchange-parameter': { text: 'tenant=a=b', yaml: { tenant: 'a=b' }, value: { tenant: 'a=b' } },
  ...tokenSamples('token-exchange'),
  credential: same('static-header'),
  ...clientSamples('entra-obo-client'),
  'entra-obo-url': same('https://issuer.example.com/token'),
  'entra-obo-scopes': listOf('api://backend/read', 'api://backend/write'),
  'entra-obo-audience': listOf('backend'),
  ...tokenSamples('entra-obo'),
  ...clientSamples('client-credentials-client'),
  'client-credentials-url': same('https://issuer.example.com/token'),
  'client-credentials-audience': listOf('backend'),
  'client-credentials-resource': listOf('https://api.example.com/'),
  'client-credentials-scopes': listOf('backend-api:read'),
  'client-credentials-also-for-users': same(true),
  ...proofSamples('client-credentials-dpop'),
  ...tokenSamples('client-credentials'),
  ...clientSamples('id-jag-client'),
  'id-jag-url': same('https://issuer.example.com/token'),
  'id-jag-subject-token-type': same('id_token'),
  'id-jag-audience': same('https://auth.partner.example/other'),
  'id-jag-resource': listOf('https://api.partner.example/mcp'),
  'id-jag-scopes': listOf('tools.read'),
  'id-jag-target-url': same('https://auth.partner.example/other/token'),
  ...clientSamples('id-jag-target-client'),
  'id-jag-target-audience': listOf('partner'),
  ...proofSamples('id-jag-target-dpop'),
  ...tokenSamples('id-jag'),
  'static-header-name': same('X-Other-Key'),
  'static-header-value': same('Basic YTpi'),
  'target-uri': same('http://127.0.0.1:9009/mcp'),
  transport: same('stdio'),
  'target-port': same(9010),
  'user-token-env': same('API_TOKEN'),
  'user-token-file': same('API_TOKEN_FILE'),
  'max-sessions': same(7),
  'max-sessions-per-user': same(2),
  'session-idle': same(90),
  'target-path': same('/other'),
  secret: { text: 'github,target=TOKEN', yaml: { TOKEN: 'github' }, value: { TOKEN: 'github' } },
  env: { text: 'A=1=2', yaml: { A: '1=2' }, value: { A: '1=2' } },
  'env-file': { text: '/srv/a,b.env', yaml: ['/srv/a,b.env'], value: ['/srv/a,b.env'] },
  volume: { text: '/srv/a,b:/data:ro', yaml: ['/srv/a,b:/data:ro'], value: ['/srv/a,b:/data:ro'] },
  engine: same('podman'),
  pull: same('never'),
  'permission-profile': same('none'),
  'allow-host': listOf('api.example.com:443', '.example.org'),
  publish: listOf('9090:9090', '127.0.0.1:9091:9000/udp'),
  network: same('backend'),
  user: same('1000:1000'),
  'writable-root': same(true),
  'cap-add': listOf('CHOWN', 'NET_BIND_SERVICE'),
  memory: same('512m'),
  cpus: same(1.5),
  'pids-limit': same(64),
  restart: same('never'),
  'start-timeout': same(7),
  'body-limit': same(4096),
  'trusted-proxies': listOf('10.0.0.0/8', '::1'),
  'list-tools': same('obtainable'),
  'oauth-client-id': same('0oa1vscode'),
  'oauth-callback-port': same(33418),
  'forward-headers': listOf('x-request-id', 'x-tenant'),
  'answer-timeout': same(20),
  'stream-grace': same(5),
  'rate-limit': same(600),
  'rate-limit-window': same(3600),
  'rate-limit-burst': same(20),
};

const baseClient = { url: 'https://issuer.example.com/t', clientId: 'base', clientSecretEnv: 'BASE_SECRET' };

/** What each credential needs at least. */
const baseCredentials: Readonly<Record<string, Tree>> = {
  'token-exchange': { ...baseClient, audience: ['base'] },
  'entra-obo': { ...baseClient, audience: ['base'], scopes: ['base'] },
  'client-credentials': baseClient,
  'id-jag': { ...baseClient, audience: 'https://auth.partner.example', target: { ...baseClient } },
  'static-header': { header: 'X-Api-Key', valueEnv: 'BASE_SECRET' },
};

/** Of servers that speak over their standard streams, or of how they do. */
const ofStdio = new Set([
  'transport',
  'userTokenEnv',
  'userTokenFile',
  'maxSessions',
  'maxSessionsPerUser',
  'sessionIdleSeconds',
]);

function baseUpstream(leaf: Leaf): Tree {
  const last = String(leaf.path.at(-1));
  if (ofStdio.has(last)) {
    const transport = last === 'transport' ? {} : { transport: 'stdio' };
    return { strategy: 'process', command: ['true'], ...transport };
  }
  if (leaf.strategies.includes('container')) return { strategy: 'container', image: 'acme/server:1', targetPort: 9000 };
  if (leaf.strategies.includes('process')) return { strategy: 'process', command: ['true'], targetPort: 9000 };
  return { strategy: 'http', url: 'http://127.0.0.1:9001/mcp' };
}

/** What a server needs beside the setting that is looked at. */
function baseServer(leaf: Leaf): Tree {
  const isOfUser = String(leaf.path.at(-1)).startsWith('userToken');
  const strategy = isOfUser ? 'token-exchange' : leaf.kind === 'strategy' ? 'static-header' : leaf.strategies[0];
  const credential = baseCredentials[strategy ?? ''];
  if (leaf.path[0] === 'remoteAuth') return baseLogin(leaf);
  return {
    authenticate: [
      leaf.strategies.includes('introspection')
        ? {
            strategy: 'introspection',
            issuer: 'https://issuer.example.com',
            url: 'https://issuer.example.com/i',
            audience: ['base'],
            clientId: 'base',
            clientSecretEnv: 'BASE_SECRET',
          }
        : { strategy: 'jwt', issuer: 'https://issuer.example.com', audience: ['base'] },
    ],
    ...(credential === undefined ? {} : { credential: { strategy, ...structuredClone(credential) } }),
    upstream: baseUpstream(leaf),
  };
}

/** Where the operator signs in nobody else has a token of their own. */
function baseLogin({ path }: Leaf): Tree {
  const isGiven = path.at(-1) === 'bearerToken';
  const { url: _, ...client } = baseClient;
  return {
    remoteAuth: isGiven ? { bearerTokenEnv: 'BASE_SECRET' } : { issuer: 'https://issuer.example.com', ...client },
    upstream: { strategy: 'http', url: 'http://127.0.0.1:9001/mcp' },
  };
}

function treeWith(leaf: Leaf, value?: unknown): Tree {
  const tree: Tree = { servers: { mcp: baseServer(leaf) } };
  // Neither of the two can be without the other.
  if (leaf.path.includes('tls')) setOwn(tree, 'listen', { tls: { ...tlsFiles } });
  if (leaf.path[0] === 'state') setOwn(tree, 'state', { url: 'redis://127.0.0.1', keyEnv: 'STATE_KEY' });
  if (leaf.path[0] === 'facade') {
    const facade = { clientId: 'facade', clientSecretEnv: 'BASE_SECRET', keyEnv: 'STATE_KEY' };
    setOwn(valueAt(tree, ['servers', 'mcp']) as Tree, 'facade', facade);
  }
  if (leaf.path[0] === 'oauth') setOwn(valueAt(tree, ['servers', 'mcp']) as Tree, 'oauth', { clientId: '0oa1vscode' });
  const last = String(leaf.path.at(-1));
  if (/^client(?:Key|Cert|Assertion)/.test(last)) signAssertions(groupOf(tree, leaf));
  // How to prove a key goes with asking for one.
  if (/^dpop./.test(last)) setOwn(groupOf(tree, leaf), 'dpop', true);
  if (leaf.path.at(-1) === 'actorScopes')
    setOwn(valueAt(tree, ['servers', 'mcp', 'credential']) as Tree, 'actorFromClient', true);
  if (leaf.path[0] === 'rateLimit' && leaf.path.at(-1) !== 'calls')
    setOwn(valueAt(tree, ['servers', 'mcp']) as Tree, 'rateLimit', { calls: 60 });
  if (value === undefined) return tree;
  if (leaf.meta.secret === true && leaf.path.length > 1) delete groupOf(tree, leaf)[`${last}Env`];
  let group: Tree = leaf.scope === 'server' ? (valueAt(tree, ['servers', 'mcp']) as Tree) : tree;
  for (const step of leaf.path.slice(0, -1)) {
    if (!Object.hasOwn(group, step)) setOwn(group, String(step), {});
    group = group[step as keyof Tree] as Tree;
  }
  setOwn(group, String(leaf.path.at(-1)), value);
  return tree;
}

/** Makes a client one that proves itself by a key. */
function signAssertions(group: Tree): void {
  delete group['clientSecretEnv'];
  setOwn(group, 'clientAuthentication', 'private_key_jwt');
  setOwn(group, 'clientKeyFile', tlsFiles.keyFile);
}

/** The group a setting stands in. */
function groupOf(tree: Tree, leaf: Leaf): Tree {
  return valueAt(tree, placeOf(leaf).slice(0, -1)) as Tree;
}

function placeOf(leaf: Leaf): Segment[] {
  return leaf.scope === 'server' ? ['servers', 'mcp', ...leaf.path] : [...leaf.path];
}

function plainValue(value: unknown): unknown {
  return value instanceof Secret ? value.reveal() : value;
}

const named = leaves.filter(({ meta, kind }) => meta.flag !== undefined && kind !== 'presence');

for (const leaf of named) {
  const name = leaf.meta.flag ?? '';
  const environmentName = environmentNames(leaf)[0] ?? '';

  test(`--${name} – said in file, environment and flag – is taken from each, the nearer one wins`, (context) => {
    const sample = samples[name];
    assert.ok(sample, `no sample for --${name}`);
    const environment = { BASE_SECRET: 'base', STATE_KEY: 'a key for tests, of 32 characters' };
    const base = writeText(context, 'base.yaml', stringify(treeWith(leaf)));
    const full = writeText(context, 'full.yaml', stringify(treeWith(leaf, sample.yaml)));
    const load = (options: Parameters<typeof loadOne>[0]) => {
      const findSecret = () => ({ secret: new Secret('of the store') });
      const loaded = loadOne({ environment, findSecret, ...options });
      const setting = loaded.settings.find((one) => one.leaf === leaf);
      assert.ok(setting);
      return { value: plainValue(valueAt(loaded.config, placeOf(leaf))), source: formatSource(setting.source) };
    };

    const byFile = load({ file: full });
    assert.deepEqual(byFile.value, sample.value);
    assert.match(byFile.source, /full\.yaml:\d+:\d+$/);

    const variables = { ...environment, [environmentName]: sample.text };
    assert.deepEqual(load({ file: base, environment: variables }), { value: sample.value, source: environmentName });

    const flags = [flag(name, sample.text)];
    assert.deepEqual(load({ file: base, flags }), { value: sample.value, source: `--${name}` });
    assert.equal(load({ file: full, environment: variables }).source, environmentName);
    assert.equal(load({ file: full, environment: variables, flags }).source, `--${name}`);
  });
}

test('loadConfig – nothing said about a setting – holds the default and says so', () => {
  const { settings, config } = loadOne({
    flags: [flag('anonymous', 'true'), flag('target-uri', 'http://localhost:1')],
  });
  const port = settings.find(({ leaf }) => leaf.meta.flag === 'port');
  assert.ok(port);
  assert.deepEqual([port.value, port.source], [8000, { kind: 'default' }]);
  assert.deepEqual(config.servers['mcp']?.credential, { strategy: 'none' });
});

test('loadConfig – the result – is frozen to the leaves', () => {
  const { config } = loadOne({ flags: [flag('anonymous', 'true'), flag('target-uri', 'http://localhost:1')] });
  assert.ok(Object.isFrozen(config.servers['mcp']?.authenticate[0]));
  assert.ok(Object.isFrozen(config.servers['mcp']?.allowedHosts));
});

test('loadConfig – several servers and a variable with a server’s name – sets it for that one', (context) => {
  const server = (path: string) => ({
    path,
    authenticate: [{ issuer: 'https://issuer.example.com', audience: 'a' }],
    upstream: { url: 'http://127.0.0.1:1' },
  });
  const file = writeText(
    context,
    'usher.yaml',
    stringify({ servers: { 'my-api': server('/a'), other: server('/b') } }),
  );
  const { config } = loadConfig({ file, flags: [], environment: { USHER_SERVERS_MY_API_OIDC_AUDIENCE: 'x,y' } });
  assert.deepEqual(config.servers['my-api']?.authenticate[0], {
    ...config.servers['other']?.authenticate[0],
    audience: ['x', 'y'],
  });
});

test('loadConfig – a group that two servers share by an alias – is changed for one by its variable, not for both', (context) => {
  const text = `servers:
  a:
    path: /a
    authenticate: &callers [{ issuer: 'https://i.example.com', audience: x }]
    credential: &exchange { url: 'https://i.example.com/t', clientId: g, audience: b, clientSecretEnv: SECRET }
    upstream: { url: 'http://127.0.0.1:1' }
  b:
    path: /b
    authenticate: *callers
    credential: *exchange
    upstream: { url: 'http://127.0.0.1:1' }
`;
  const environment = { SECRET: 'shh', USHER_SERVERS_B_OIDC_AUDIENCE: 'y' };
  const { config } = loadConfig({ file: writeText(context, 'usher.yaml', text), flags: [], environment });
  const audiences = Object.values(config.servers).map(
    ({ authenticate: [entry] }) => entry?.strategy === 'jwt' && entry.audience,
  );
  assert.deepEqual(audiences, [['x'], ['y']]);
});

test('loadConfig – a server called constructor – is a server like others', (context) => {
  const server = { authenticate: [{ strategy: 'anonymous' }], upstream: { url: 'http://127.0.0.1:1' } };
  const file = writeText(context, 'usher.yaml', stringify({ servers: { constructor: server } }));
  assert.deepEqual(Object.keys(loadConfig({ file, flags: [], environment: {} }).config.servers), ['constructor']);
});

test('loadConfig – paths in a file – are relative to the file', (context) => {
  const server = { authenticate: [{ strategy: 'anonymous' }], upstream: { url: 'http://127.0.0.1:1' } };
  const file = writeText(context, 'usher.yaml', stringify({ audit: { file: 'audit.jsonl' }, servers: { a: server } }));
  const { config } = loadConfig({ file, flags: [], environment: {} });
  assert.equal(config.audit.file, file.replace('usher.yaml', 'audit.jsonl'));
});

test('loadConfig – the example file – can be used', () => {
  const file = new URL('../../examples/config/usher.yaml', import.meta.url).pathname;
  const { config, warnings } = loadConfig({ file, flags: [], environment: { COUNTRIES_CLIENT_SECRET: 'shh' } });
  assert.deepEqual(Object.keys(config.servers), ['countries', 'notes']);
  assert.deepEqual(warnings, []);
});
