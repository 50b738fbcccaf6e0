import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Config, configSchema } from '../../src/config/schema.ts';
import type { Aids } from '../../src/diagnose/check.ts';
import { runDoctor } from '../../src/diagnose/run-doctor.ts';
import { Secret } from '../../src/model/secret.ts';
import { managementOf } from '../kit/call-management.ts';
import { startHttpServer } from '../kit/start-http-server.ts';
import { type SeedData, startTestIdp, type TestIdp } from '../kit/start-test-idp.ts';
import { runUsher } from '../kit/run-usher.ts';

/** Keys and certificates are made once. */
let stateDir: string;
before(async () => void (stateDir = await mkdtemp(join(tmpdir(), 'usher-doctor-org-'))));
after(() => rm(stateDir, { recursive: true, force: true }));

function startOrg(change: (seed: SeedData) => unknown = () => undefined): Promise<TestIdp> {
  return startTestIdp((seed) => void change(seed), { stateDir });
}

/** A gateway's configuration for the seed's org. */
function configOf(idp: TestIdp, change: Readonly<Record<string, unknown>> = {}): Config {
  return configSchema.parse({
    caFile: idp.idp.caFile,
    servers: {
      one: {
        authenticate: [{ issuer: idp.server('mcpserver').issuer, audience: ['mcpserver'] }],
        policy: { strategy: 'scopes', required: ['mcp:tools:call'] },
        credential: {
          strategy: 'token-exchange',
          url: idp.server('backend').tokenUrl,
          clientId: 'gateway',
          clientSecret: new Secret('gateway-development-secret'),
          audience: ['backend'],
          scopes: ['backend-api:read'],
          ...change,
        },
        upstream: { strategy: 'http', url: 'http://127.0.0.1:1/mcp' },
      },
    },
  });
}

async function inspect(idp: TestIdp, { config = configOf(idp), ...aids }: Aids & { config?: Config } = {}) {
  const secret = new Secret((await readFile(idp.idp.apiTokenFile ?? '', 'utf8')).trim());
  const given = { clientId: 'vscode', administration: new Map([['okta', { secret }] as const]), ...aids };
  const [report] = await runDoctor(config, { aids: given });
  const found = report?.checks.find(({ id }) => id === 'provider-set-up');
  assert.ok(found);
  assert.ok(!JSON.stringify(report).includes(secret.reveal()));
  return found;
}

const backendOf = (seed: SeedData) => seed.servers.find(({ id }) => id === 'backend') ?? assert.fail('no backend');
const appOf = (seed: SeedData, id: string) =>
  seed.apps.find(({ clientId }) => clientId === id) ?? assert.fail(`no app ${id}`);
const policyOf = (seed: SeedData) => backendOf(seed).policies[0] ?? assert.fail('no policy');
const ruleOf = (seed: SeedData) => policyOf(seed).rules[0] ?? assert.fail('no rule');

test('doctor with an API token of Okta – everything is set up – passes and says what it saw', async () => {
  await using idp = await startOrg();
  const { result, evidence } = await inspect(idp);
  assert.equal(result, 'pass', evidence);
  assert.match(evidence, /"Back end" trusts "MCP server"; The app "MCP gateway" may exchange tokens/);
  assert.match(
    evidence,
    /access policy "Gateway" of "Back end" grants the app "MCP gateway" Token Exchange for backend-api:read/,
  );
});

/** What is wrong, what is named, what is seen, and where in the console it is mended. */
const faults: readonly (readonly [string, (seed: SeedData) => unknown, string, RegExp, RegExp])[] = [
  [
    'no trust',
    (seed) => (backendOf(seed)['trusts'] = []),
    'okta-server-not-trusted',
    /"Back end" does not trust "MCP server"/,
    /Trusted servers → Add Server/,
  ],
  [
    'no policy at all',
    (seed) => (backendOf(seed).policies = []),
    'okta-policy-missing',
    /No access policy of "Back end" grants/,
    /Access Policies → Add New Access Policy/,
  ],
  [
    'an inactive policy',
    (seed) => (policyOf(seed).active = false),
    'okta-policy-inactive',
    /access policy "Gateway" of "Back end" is INACTIVE/,
    /set it Active/,
  ],
  [
    'a policy for another app',
    (seed) => (policyOf(seed)['clients'] = ['vscode']),
    'okta-policy-missing',
    /"Gateway" of "Back end" is not assigned to the app "MCP gateway"/,
    /assigned to the app/,
  ],
  [
    'a policy without a rule',
    (seed) => (policyOf(seed).rules = []),
    'okta-rule-missing',
    /"Gateway" of "Back end" has no rule/,
    /Add Rule/,
  ],
  [
    'an inactive rule',
    (seed) => (ruleOf(seed)['active'] = false),
    'okta-rule-inactive',
    /The rule "Exchange tokens" of the access policy "Gateway" of "Back end" is INACTIVE/,
    /set the rule Active/,
  ],
  [
    'a rule for another grant',
    (seed) => (ruleOf(seed)['grantTypes'] = ['client_credentials']),
    'okta-rule-lacks-grant',
    /has the grants Client Credentials, not Token Exchange/,
    /Token Exchange is under Advanced/,
  ],
  [
    'a rule for another scope',
    (seed) => {
      backendOf(seed)['scopes'] = [{ name: 'backend-api:read' }, { name: 'backend-api:write' }];
      ruleOf(seed)['scopes'] = ['backend-api:write'];
    },
    'okta-rule-lacks-scope',
    /grants backend-api:write, not backend-api:read/,
    /AND Scopes requested/,
  ],
  [
    'a scope that is not there',
    (seed) => {
      backendOf(seed)['scopes'] = [{ name: 'backend-api:write' }];
      ruleOf(seed)['scopes'] = ['backend-api:write'];
    },
    'okta-scope-unknown',
    /"Back end" has no scope backend-api:read/,
    /Scopes → Add Scope/,
  ],
  [
    'another audience',
    (seed) => (backendOf(seed)['audience'] = 'api://backend'),
    'okta-audience',
    /The audience of "Back end" is api:\/\/backend, asked for is backend/,
    /--token-exchange-audience/,
  ],
  [
    'the grant not ticked',
    (seed) => (appOf(seed, 'gateway')['grantTypes'] = ['client_credentials']),
    'okta-grant-not-ticked',
    /has the grants client_credentials, not Token Exchange/,
    /tick Token Exchange/,
  ],
  [
    'proof of possession demanded',
    (seed) => (appOf(seed, 'gateway')['requireDpop'] = true),
    'okta-dpop-required',
    /demands proof of possession \(DPoP\)/,
    /--token-exchange-dpop/,
  ],
  [
    'a client nobody is assigned to',
    (seed) => (appOf(seed, 'vscode')['assigned'] = { users: [], groups: [] }),
    'okta-user-not-assigned',
    /The app "Visual Studio Code" is assigned to nobody/,
    /Assignments → Assign/,
  ],
  [
    'a sign-in nobody is granted',
    (seed) => {
      const server = seed.servers.find(({ id }) => id === 'mcpserver');
      for (const policy of server?.policies ?? []) policy.active = false;
    },
    'okta-policy-inactive',
    /of "MCP server" is INACTIVE/,
    /Access Policies/,
  ],
];

for (const [name, change, cause, seen, fix] of faults) {
  test(`doctor with an API token of Okta – ${name} – is named ${cause}, without a user's token`, async () => {
    await using idp = await startOrg((seed) => void change(seed));
    const found = await inspect(idp);
    assert.equal(found.result, 'fail', found.evidence);
    assert.equal(found.cause, cause, found.evidence);
    assert.match(found.evidence, seen);
    assert.match(found.fix ?? '', fix);
  });
}

test('doctor with an API token of Okta – several things wrong – all of them are told at once', async () => {
  await using idp = await startOrg((seed) => {
    backendOf(seed)['trusts'] = [];
    policyOf(seed).active = false;
    Object.assign(ruleOf(seed), { active: false });
  });
  const { evidence, cause } = await inspect(idp);
  assert.equal(cause, 'okta-server-not-trusted');
  for (const seen of [/does not trust/, /"Gateway" of "Back end" is INACTIVE/, /rule "Exchange tokens" .* is INACTIVE/])
    assert.match(evidence, seen);
});

test('doctor with an API token of Okta – app and server switched off – are named', async () => {
  await using idp = await startTestIdp();
  const api = managementOf(idp);
  await api('POST', '/apps/gateway/lifecycle/deactivate');
  await api('POST', '/authorizationServers/backend/lifecycle/deactivate');
  const { evidence, result } = await inspect(idp);
  assert.equal(result, 'fail');
  assert.match(evidence, /The authorization server "Back end" is INACTIVE/);
  assert.match(evidence, /The app "MCP gateway" is INACTIVE/);
});

test('doctor with an API token of Okta – ids nobody has – are named', async () => {
  await using idp = await startOrg();
  const url = idp.server('backend').tokenUrl.replace('/backend/', '/aus404/');
  const { evidence, cause } = await inspect(idp, {
    config: configOf(idp, { url, clientId: '../groups' }),
    clientId: 'nobody',
  });
  assert.equal(cause, 'okta-server-not-found');
  assert.match(evidence, /no app with the client id \.\.\/groups/);
  assert.match(evidence, /no app with the client id nobody/);
  const { cause: ofService } = await inspect(idp, { clientId: 'gateway' });
  assert.equal(ofService, 'okta-mcp-client-grant');
});

test('doctor with an API token of Okta – a rule for some people – is unknown without a user, and judged for one', async () => {
  await using idp = await startOrg((seed) => (ruleOf(seed)['people'] = { users: [], groups: ['Sales'] }));
  const open = await inspect(idp);
  assert.equal(open.result, 'unknown', open.evidence);
  assert.match(open.evidence, /to 0 users and the members of 1 groups only/);
  const results = new Map<string, unknown>();
  for (const user of ['alice', 'bob']) {
    const signedIn = await idp.signIn('mcpserver', { user });
    const found = await inspect(idp, { callerToken: new Secret(String(signedIn.body['access_token'])) });
    results.set(user, found.cause ?? found.result);
  }
  assert.deepEqual(Object.fromEntries(results), { alice: 'okta-rule-other-people', bob: 'pass' });
});

test('doctor with an API token of Okta – one that is not good – unknown, in the words of Okta', async () => {
  await using idp = await startOrg();
  const administration = new Map([['okta', { secret: new Secret('00not-the-token') }] as const]);
  const { result, evidence } = await inspect(idp, { administration });
  assert.equal(result, 'unknown');
  assert.match(evidence, /401 E0000011/);
  assert.ok(!evidence.includes('00not-the-token'));
});

test('doctor with an API token of Okta – a token endpoint over plain http elsewhere – the token is not sent', async () => {
  await using idp = await startOrg();
  const url = 'http://okta.invalid/oauth2/backend/v1/token';
  const { result, evidence } = await inspect(idp, { config: configOf(idp, { url }) });
  assert.equal(result, 'unknown');
  assert.match(evidence, /plain http, over which no API token is sent/);
});

test("doctor with an API token of Okta – another provider's token endpoint – hears nothing of the token", async () => {
  await using idp = await startOrg();
  await using other = await startHttpServer((_, response) => void response.writeHead(404).end());
  const config = configOf(idp, { url: `${other.url}/realms/mcp/protocol/openid-connect/token` });
  const { result, evidence } = await inspect(idp, { config });
  assert.equal(result, 'unknown');
  assert.match(evidence, /No token is exchanged at Okta for this server/);
  const text = JSON.stringify(other.seen);
  assert.ok(!text.includes('SSWS'));
});

test('usher doctor – the API token from a file or the environment – reads the org; argv never has it', async (context) => {
  await using idp = await startOrg((seed) => (policyOf(seed).active = false));
  const token = (await readFile(idp.idp.apiTokenFile ?? '', 'utf8')).trim();
  const flags = Object.entries({
    '--oidc-issuer': idp.server('mcpserver').issuer,
    '--oidc-audience': 'mcpserver',
    '--oidc-scopes': 'mcp:tools:call',
    '--token-exchange-url': idp.server('backend').tokenUrl,
    '--token-exchange-client-id': 'gateway',
    '--token-exchange-audience': 'backend',
    '--token-exchange-scopes': 'backend-api:read',
    '--ca-file': idp.idp.caFile,
    '--port': '1',
  }).flat();
  const env = { USHER_TOKEN_EXCHANGE_CLIENT_SECRET: 'gateway-development-secret' };
  for (const [more, given] of [
    [['--okta-api-token-file', idp.idp.apiTokenFile ?? ''], env],
    [[], { ...env, USHER_OKTA_API_TOKEN: token }],
  ] as const) {
    const { code, stdout } = await runUsher(context, ['doctor', ...flags, ...more, 'http://127.0.0.1:1/mcp'], {
      env: given,
    });
    assert.equal(code, 1);
    assert.match(stdout, /✘ The provider is set up for this exchange.*\[provider-set-up: okta-policy-inactive\]/);
    assert.ok(!stdout.includes(token));
  }
});
