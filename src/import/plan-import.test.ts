import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseRunConfig } from './parse-run-config.ts';
import { planImport } from './plan-import.ts';
import { type RunConfig, runConfigSchema } from './run-config.ts';

const oidc = {
  Issuer: 'https://example.okta.com/oauth2/aus1',
  Audience: 'mcpserver',
  JWKSURL: 'https://example.okta.com/oauth2/aus1/v1/keys',
  ClientID: '',
  ClientSecret: '',
  CACertPath: '',
  AuthTokenFile: '',
  AllowPrivateIP: false,
  InsecureAllowHTTP: false,
  IntrospectionURL: '',
  ResourceURL: 'http://localhost:8000/mcp',
  Scopes: null,
};
const exchange = {
  token_url: 'https://example.okta.com/oauth2/aus2/v1/token',
  client_id: '0oa1gateway',
  client_secret: 'gateway-s3cr3t',
  audience: 'backend',
  scopes: ['backend-api:read'],
};
const image = {
  schema_version: 'v0.1.0',
  image: 'ghcr.io/acme/server:1',
  name: 'acme',
  transport: 'streamable-http',
  host: '127.0.0.1',
  port: 8000,
  target_port: 9000,
  permission_profile: { network: { outbound: { insecure_allow_all: true } } },
  oidc_config: oidc,
};
const remote = {
  schema_version: 'v0.1.0',
  image: '',
  remote_url: 'https://mcp.example.com/mcp',
  name: 'acme',
  transport: 'streamable-http',
  host: '127.0.0.1',
  port: 8000,
  permission_profile: null,
  oidc_config: oidc,
};

function plan(config: object, ignoreFiles: readonly string[] = []) {
  return planImport(parseRunConfig(JSON.stringify(config)), { ignoreFiles });
}

function settingsOf(config: object, ignoreFiles?: readonly string[]): Record<string, unknown> {
  const { settings, problems } = plan(config, ignoreFiles);
  assert.deepEqual(problems, []);
  const entries = settings.map(({ flag, value }) => [
    flag,
    'texts' in value ? value.texts : 'secret' in value ? value.secret.reveal() : value,
  ]);
  assert.equal(new Set(entries.map(([flag]) => flag)).size, entries.length, 'each flag once');
  return Object.fromEntries(entries) as Record<string, unknown>;
}

const keysOf = (found: readonly { readonly key: string }[]) => found.map(({ key }) => key);

/** A value for each field that Usher has to have an answer for. */
const samples: { readonly [K in keyof Required<RunConfig>]: unknown } = {
  schema_version: 'v9.9.9',
  mcpserver_generation: 3,
  image: 'toolhivelocal/npx-acme:2026',
  remote_url: 'https://mcp.example.com/mcp',
  registry_api_url: 'https://registry.example.com/api',
  registry_url: 'https://registry.example.com',
  registry_server_name: 'acme',
  remote_auth_config: { issuer: 'https://example.okta.com/oauth2/aus1', use_pkce: true },
  cmd_args: ['--verbose'],
  name: 'acme',
  container_name: 'acme',
  base_name: 'acme',
  transport: 'sse',
  host: '0.0.0.0',
  port: 8123,
  target_port: 9123,
  target_host: '10.0.0.1',
  allowed_origins: ['https://app.example.com'],
  publish: ['9090:9090'],
  permission_profile_name_or_path: 'none',
  permission_profile: { privileged: true, network: { outbound: { insecure_allow_all: true } } },
  env_vars: { MODE: 'fast' },
  env_file_dir: '/etc/acme',
  debug: true,
  volumes: ['/data:/data:ro'],
  container_labels: { team: 'blue' },
  oidc_config: { ...oidc, Audience: 'other' },
  token_exchange_config: exchange,
  upstream_swap_config: { header_strategy: 'replace' },
  aws_sts_config: { region: 'eu-central-1' },
  authz_config: { version: '1.0', type: 'cedarv1', cedar: { policies: [] } },
  authz_config_path: '/etc/authz.json',
  audit_config: { component: 'acme' },
  audit_config_path: '/etc/audit.json',
  telemetry_config: { endpoint: 'otel:4318' },
  rate_limit_config: { perUser: { maxTokens: 1 } },
  rate_limit_namespace: 'default',
  secrets: ['github,target=GITHUB_TOKEN'],
  k8s_pod_template_patch: '{"spec":{}}',
  isolate_network: false,
  allow_docker_gateway: true,
  trust_proxy_headers: true,
  strict_protocol_validation: true,
  stateless: true,
  session_ttl: 7_200_000_000_000,
  proxy_mode: 'sse',
  thv_ca_bundle: '/etc/ca.pem',
  jwks_auth_token_file: '/etc/token',
  group: 'work',
  tools_filter: ['GetCountry'],
  tools_override: { GetCountry: { name: 'country' } },
  ignore_config: { LoadGlobal: true, PrintOverlays: false },
  middleware_configs: [{ type: 'authorization', parameters: {} }],
  additional_middleware_configs: [{ type: 'obo', parameters: {} }],
  validating_webhooks: [{ name: 'guard' }],
  mutating_webhooks: [{ name: 'change' }],
  endpoint_prefix: '/acme',
  runtime_config: { builder_image: 'node:24-alpine' },
  header_forward: { add_plaintext_headers: { 'X-Team': 'blue' } },
  embedded_auth_server_config: { issuer: 'http://localhost:8080' },
  scaling_config: { backend_replicas: 2 },
};

describe('each field of a run configuration', () => {
  /** What changes nothing, for a reason that stands elsewhere. */
  const silent = new Set(['isolate_network', 'ignore_config', 'permission_profile_name_or_path']);
  for (const key of Object.keys(runConfigSchema.shape) as (keyof RunConfig)[]) {
    if (silent.has(key)) continue;
    test(`${key} – is a setting, or there is a word about it`, () => {
      const isRemote = ['remote_url', 'remote_auth_config', 'header_forward'].includes(key);
      const before = isRemote && key !== 'remote_url' ? remote : image;
      const base = plan({ ...before, [key]: undefined });
      const changed = key === 'remote_url' ? { ...remote } : { ...before, [key]: samples[key] };
      assert.notDeepEqual(JSON.stringify(plan(changed)), JSON.stringify(base));
    });
  }
});

test('the scenario’s configuration – every setting of it, the secret by itself', () => {
  const config = {
    ...image,
    image: 'apollo-mcp-server',
    name: 'apollo',
    cmd_args: ['/config.yaml'],
    volumes: ['/work/apollo-mcp-config.yaml:/config.yaml', '/work:/data'],
    target_port: 8000,
    env_vars: { APOLLO_LOG: '' },
    isolate_network: true,
    token_exchange_config: exchange,
    group: 'default',
    middleware_configs: [
      { type: 'bodylimit', parameters: { max_bytes: 8_388_608 } },
      { type: 'auth', parameters: { oidc_config: oidc } },
      { type: 'tokenexchange', parameters: { token_exchange_config: exchange } },
      { type: 'mcp-parser', parameters: {} },
      { type: 'recovery', parameters: null },
    ],
  };
  assert.deepEqual(settingsOf(config), {
    host: ['127.0.0.1'],
    port: ['8000'],
    'body-limit': ['8388608'],
    'resource-url': ['http://localhost:8000/mcp'],
    'oidc-issuer': ['https://example.okta.com/oauth2/aus1'],
    'oidc-audience': ['mcpserver'],
    'oidc-jwks-url': ['https://example.okta.com/oauth2/aus1/v1/keys'],
    'token-exchange-url': ['https://example.okta.com/oauth2/aus2/v1/token'],
    'token-exchange-client-id': ['0oa1gateway'],
    'token-exchange-client-secret': 'gateway-s3cr3t',
    'token-exchange-audience': ['backend'],
    'token-exchange-scopes': ['backend-api:read'],
    image: ['apollo-mcp-server'],
    args: ['/config.yaml'],
    'target-port': ['8000'],
    env: ['MCP_TRANSPORT=streamable-http', 'MCP_PORT=8000', 'FASTMCP_PORT=8000', 'APOLLO_LOG='],
    volume: ['/work/apollo-mcp-config.yaml:/config.yaml', '/work:/data'],
  });
  const { blocked, tools, hasCallers } = plan(config);
  assert.deepEqual([blocked, tools, hasCallers], [[], undefined, true]);
});

test('what stands in the list of middleware alone – counts as much', () => {
  const { oidc_config: _, ...rest } = image;
  const middleware_configs = [
    { type: 'auth', parameters: { oidc_config: oidc } },
    { type: 'tokenexchange', parameters: { token_exchange_config: exchange } },
    { type: 'tool-filter', parameters: { filter_tools: ['GetCountry'], tools_override: {} } },
    { type: 'authorization', parameters: { config_data: { version: '1.0' } } },
    { type: 'something-new', parameters: {} },
  ];
  const found = plan({ ...rest, middleware_configs });
  assert.ok(found.hasCallers);
  assert.deepEqual(found.tools, ['GetCountry']);
  assert.deepEqual(keysOf(found.blocked), ['authz_config', 'middleware_configs[4]']);
  assert.ok(keysOf(found.settings).includes('token_exchange_config.token_url'));
});

test('a list of middleware that contradicts the fields – is refused, also where it lets everybody in', () => {
  const other = { type: 'auth', parameters: { oidc_config: { ...oidc, Audience: 'other' } } };
  assert.deepEqual(keysOf(plan({ ...image, middleware_configs: [other] }).problems), ['middleware_configs[0]']);
  const open = { type: 'auth', parameters: {} };
  assert.deepEqual(keysOf(plan({ ...image, middleware_configs: [open] }).problems), ['middleware_configs[0]']);
});

test('half of an authentication – is refused', () => {
  for (const missing of ['Issuer', 'Audience']) {
    const { problems } = plan({ ...image, oidc_config: { ...oidc, [missing]: '' } });
    assert.deepEqual(keysOf(problems), [`oidc_config.${missing}`]);
  }
});

test('an issuer that is asked about tokens – is asked about all of them', () => {
  const asked = {
    ...oidc,
    IntrospectionURL: 'https://example.okta.com/oauth2/aus1/v1/introspect',
    ClientID: 'gateway',
    ClientSecret: 'introspection-s3cr3t',
  };
  const settings = settingsOf({ ...image, oidc_config: asked });
  assert.equal(settings['oidc-issuer'], undefined);
  assert.deepEqual(settings['introspection-issuer'], ['https://example.okta.com/oauth2/aus1']);
  assert.deepEqual(settings['introspection-url'], ['https://example.okta.com/oauth2/aus1/v1/introspect']);
  assert.deepEqual(settings['introspection-client-secret'], 'introspection-s3cr3t');
  assert.ok(keysOf(plan({ ...image, oidc_config: asked }).remarks).includes('oidc_config.IntrospectionURL'));
});

test('what a container may reach – never more than before', () => {
  const profileOf = (network: object | undefined, isolated: boolean) => {
    const found = plan({ ...image, permission_profile: { network }, isolate_network: isolated });
    const [profile] = found.settings.filter(({ flag }) => flag === 'permission-profile' || flag === 'allow-host');
    return [profile === undefined ? 'network' : JSON.stringify(profile.value), ...keysOf(found.blocked)];
  };
  const none = '{"texts":["none"]}';
  const some = { outbound: { insecure_allow_all: false, allow_host: ['api.example.com'], allow_port: [443] } };
  assert.deepEqual(profileOf({ outbound: { insecure_allow_all: true } }, true), ['network']);
  assert.deepEqual(profileOf({ outbound: { insecure_allow_all: false } }, true), [none]);
  assert.deepEqual(profileOf(undefined, true), [none]);
  assert.deepEqual(profileOf({ mode: 'none' }, false), [none]);
  assert.deepEqual(profileOf(some, true), ['{"texts":["api.example.com:443"]}']);
  const anyPort = { outbound: { allow_host: ['api.example.com', '.example.org'] } };
  assert.deepEqual(profileOf(anyPort, true), ['{"texts":["api.example.com",".example.org"]}']);
  const anyHost = { outbound: { allow_port: [443] } };
  assert.deepEqual(profileOf(anyHost, true), ['network', 'permission_profile.network.outbound.allow_port']);
  // ToolHive enforces nothing then.
  assert.deepEqual(profileOf(some, false), ['network']);
});

test('paths of a permission profile – are mounted, for reading where it says so, none twice', () => {
  const permission_profile = {
    read: ['/data:/data', '/etc/acme'],
    write: ['/var/acme:/state'],
    network: { outbound: { insecure_allow_all: true } },
  };
  const { volume } = settingsOf({ ...image, permission_profile, volumes: ['/data:/data:ro'] });
  assert.deepEqual(volume, ['/data:/data:ro', '/etc/acme:/etc/acme:ro', '/var/acme:/state']);
});

test('files that were kept from the server – are in the way', () => {
  const found = plan({ ...image, volumes: ['/work:/work'] }, ['/work/.thvignore']);
  assert.deepEqual(keysOf(found.blocked), ['ignore_config']);
  assert.match(found.blocked[0]?.what ?? '', /\/work\/\.thvignore/);
});

test('a login at the server behind – its settings, and what was kept of it is not taken over', () => {
  const login = {
    client_id: '0oa1client',
    client_secret: 'OAUTH_CLIENT_SECRET_acme,target=oauth_secret',
    scopes: ['openid', 'offline_access'],
    issuer: 'https://example.okta.com/oauth2/aus1',
    timeout: 300_000_000_000,
    callback_port: 8666,
    use_pkce: true,
    skip_browser: true,
    oauth_params: { prompt: 'consent' },
    cached_refresh_token_ref: 'OAUTH_REFRESH_TOKEN_acme',
    cached_token_expiry: '2026-01-01T00:00:00Z',
  };
  const { 'remote-auth-client-secret': secret, ...settings } = settingsOf({
    ...remote,
    oidc_config: null,
    remote_auth_config: login,
  });
  assert.deepEqual(secret, { reference: 'OAUTH_CLIENT_SECRET_acme' });
  assert.deepEqual(settings, {
    host: ['127.0.0.1'],
    port: ['8000'],
    'target-uri': ['https://mcp.example.com/mcp'],
    'remote-auth': ['true'],
    'remote-auth-issuer': ['https://example.okta.com/oauth2/aus1'],
    'remote-auth-client-id': ['0oa1client'],
    'remote-auth-scopes': ['openid', 'offline_access'],
    'remote-auth-callback-port': ['8666'],
    'remote-auth-timeout': ['300'],
    'remote-auth-skip-browser': ['true'],
    'remote-auth-parameter': ['prompt=consent'],
  });
});

test('a login in the form of older versions – means the same', () => {
  const older = {
    ClientID: '0oa1client',
    ClientSecretFile: '/run/secret',
    AuthorizeURL: 'https://example.com/authorize',
    OAuthParams: { prompt: 'consent' },
    UsePKCE: true,
    SkipBrowser: false,
    CallbackPort: 8666,
  };
  const settings = settingsOf({ ...remote, remote_auth_config: older });
  assert.deepEqual(settings['remote-auth-client-secret'], { file: '/run/secret' });
  assert.deepEqual(settings['remote-auth-authorize-url'], ['https://example.com/authorize']);
  assert.deepEqual(settings['remote-auth-parameter'], ['prompt=consent']);
});

test('headers for the server behind – one is a credential, more are in the way', () => {
  const one = settingsOf({ ...remote, header_forward: { add_plaintext_headers: { 'X-Key': 'k3y' } } });
  assert.deepEqual([one['static-header-name'], one['static-header-value']], [['X-Key'], 'k3y']);
  const kept = settingsOf({ ...remote, header_forward: { add_headers_from_secret: { 'X-Key': 'acme-key' } } });
  assert.deepEqual(kept['static-header-value'], { reference: 'acme-key' });
  const two = { add_plaintext_headers: { 'X-Key': 'k3y', 'X-Team': 'blue' } };
  assert.deepEqual(keysOf(plan({ ...remote, header_forward: two }).blocked), ['header_forward']);
  const beside = { ...remote, token_exchange_config: exchange, header_forward: { add_plaintext_headers: { a: 'b' } } };
  assert.deepEqual(keysOf(plan(beside).blocked), ['header_forward']);
});

test('a token in a header of its own – says that the caller’s does not go on', () => {
  const custom = { ...exchange, header_strategy: 'custom', external_token_header_name: 'X-Backend' };
  const found = plan({ ...image, token_exchange_config: custom });
  assert.ok(keysOf(found.remarks).includes('token_exchange_config.header_strategy'));
  assert.deepEqual(found.settings.find(({ flag }) => flag === 'token-exchange-header')?.value, {
    texts: ['X-Backend'],
  });
});

test('fields nobody knows, anywhere – are in the way, one by one', () => {
  const unknown = {
    ...image,
    guard: true,
    oidc_config: { ...oidc, RequireMfa: true },
    token_exchange_config: { ...exchange, actor: 'x' },
  };
  assert.deepEqual(keysOf(plan(unknown).blocked).toSorted(), [
    'guard',
    'oidc_config.RequireMfa',
    'token_exchange_config.actor',
  ]);
});

test('a field that is not what it should be – is said by its key, without its value', () => {
  const { problems } = plan({ ...image, port: 'eight', env_vars: { TOKEN: 5 } });
  assert.deepEqual(keysOf(problems).toSorted(), ['env_vars.TOKEN', 'port']);
});

describe('a file that is no run configuration', () => {
  const files: Readonly<Record<string, [text: string, wanted: RegExp]>> = {
    nothing: ['', /is no run configuration: expected an object/],
    'half of it': ['{"name": "acme", "image": ', /is neither JSON nor YAML/],
    'a key twice': ['{"name": "acme", "image": "a", "image": "b"}', /is neither JSON nor YAML: .*unique/],
    'a list': ['[]', /expected an object/],
    'something else': ['{"servers": {}}', /has no name, no image and no remote_url/],
    'a resource of Kubernetes': ['apiVersion: toolhive.stacklok.dev/v1\nkind: MCPServer\n', /without --format k8s/],
    'a bomb': ['a: &a [x,x]\nb: &b [*a,*a]\nname: [*b,*b,*b,*b]\n', /is neither JSON nor YAML/],
  };
  for (const [name, [text, wanted]] of Object.entries(files)) {
    test(`${name} – is refused with a sentence`, () => {
      const { problems } = planImport(parseRunConfig(text), { ignoreFiles: [] });
      assert.equal(problems.length, 1);
      assert.match(problems[0]?.what ?? '', wanted);
    });
  }
});

const { oidc_config: _, ...container } = image;
const { oidc_config: __, ...elsewhere } = remote;
for (const [name, config, expected] of [
  ['tokens of an issuer', { ...container, oidc_config: { Issuer: 'https://a.example', Audience: 'a' } }, true],
  ['an empty group of such', { ...container, oidc_config: {} }, false],
  ['a login at a server elsewhere', { ...elsewhere, remote_auth_config: { issuer: 'https://a.example' } }, true],
  ['a login at a container', { ...container, remote_auth_config: { issuer: 'https://a.example' } }, false],
  ['nothing', container, false],
  ['nothing, elsewhere', elsewhere, false],
] as const) {
  test(`who may call – ${name} – ${expected ? 'is said' : 'is not said'}`, () => {
    assert.equal(plan(config).hasCallers, expected);
  });
}
