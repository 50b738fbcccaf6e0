import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startCountriesApi, startCountriesServer } from '../../src/demo/start-countries.ts';
import { loadConfig } from '../../src/config/load.ts';
import { startGateway } from '../../src/gateway/start-gateway.ts';
import { collectLog } from '../kit/collect-log.ts';
import { post } from '../kit/call.ts';
import { managementOf } from '../kit/call-management.ts';
import { freePort } from '../kit/free-port.ts';
import { runUsher, startUsher } from '../kit/run-usher.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { claimsOf, startTestIdp, type SeedData, type TestIdp } from '../kit/start-test-idp.ts';
import { until } from '../kit/until.ts';
import { Secret } from '../../src/model/secret.ts';
import { tokenExchangeGrant } from '../../src/model/urns.ts';
import { setUpOkta } from '../../src/providers/okta/set-up/set-up-okta.ts';
import type { OktaWanted } from '../../src/providers/okta/set-up/wanted.ts';
import { runSetUp } from '../../src/setup/run-set-up.ts';
import { undoSetUp } from '../../src/setup/undo-set-up.ts';

/** Everything an org says of itself that a set-up could change. */
async function readOrg(idp: TestIdp): Promise<unknown> {
  const api = managementOf(idp);
  const list = async (path: string) => (await api('GET', path)).list;
  const servers = await list('/authorizationServers');
  const apps = await list('/apps');
  return {
    servers: await Promise.all(
      servers.map(async (server) => {
        const path = `/authorizationServers/${String(server['id'])}`;
        const policies = await list(`${path}/policies`);
        return {
          ...server,
          scopes: await list(`${path}/scopes`),
          trusts: (await list(`${path}/associatedServers?trusted=true`)).map(({ id }) => id),
          policies: await Promise.all(
            policies.map(async (policy) => ({
              ...withoutTimes(policy),
              rules: (await list(`${path}/policies/${String(policy['id'])}/rules`)).map(withoutTimes),
            })),
          ),
        };
      }),
    ),
    apps: await Promise.all(
      apps.map(async (app) => ({ ...withoutTimes(app), groups: await list(`/apps/${String(app['id'])}/groups`) })),
    ),
  };
}

function withoutTimes(object: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== 'lastUpdated'));
}

async function makeFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-setup-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('set-up of Okta – an empty org – sign-in, exchange and call work with what it wrote; undone it is empty', async (context) => {
  await using idp = await startTestIdp((seed) => Object.assign(seed, { servers: [], apps: [] }));
  const folder = join(await makeFolder(context), 'gateway');
  await using upstream = await startHttpServer((request, response) => {
    const { id } = JSON.parse(request.body) as { id: number };
    sendJson(response, 200, { jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'Prague' }] } });
  });
  const before = await readOrg(idp);
  const port = await freePort();
  const { httpsUrl, caFile, apiTokenFile = '' } = idp.idp;
  const flags = ['--org', httpsUrl, '--ca-file', caFile, '--api-token-file', apiTokenFile, '--out', folder, '--json'];
  const gateway = ['--target-uri', `${upstream.url}/mcp`, '--port', String(port), '--name', 'countries'];

  const dry = await runUsher(context, ['setup', 'okta', ...flags, ...gateway, '--dry-run']);
  assert.equal(dry.code, 0, dry.stderr);
  assert.deepEqual(await readOrg(idp), before);
  await assert.rejects(stat(folder), { code: 'ENOENT' });

  const applied = await runUsher(context, ['setup', 'okta', ...flags, ...gateway, '--yes']);
  assert.equal(applied.code, 0, applied.stderr);
  const report = JSON.parse(applied.stdout) as {
    state: string;
    callers: { issuer: string };
    client: { clientId: string; clientSecretFile: string };
  };
  assert.equal(report.state, 'applied');
  for (const name of await readdir(folder)) assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name);
  const clientSecret = (await readFile(report.client.clientSecretFile, 'utf8')).trim();
  const gatewaySecret = (await readFile(join(folder, 'gateway-secret.txt'), 'utf8')).trim();
  const apiToken = (await readFile(apiTokenFile, 'utf8')).trim();
  const record = await readFile(join(folder, 'usher-setup.json'), 'utf8');
  for (const secret of [clientSecret, gatewaySecret, apiToken]) {
    assert.ok(!`${applied.stdout}${applied.stderr}${record}`.includes(secret));
  }

  const serving = startUsher(context, ['serve', '-f', join(folder, 'usher.yaml'), '--log-level', 'error']);
  const url = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${url}/ready`).catch(() => undefined))?.status === 200, 60_000);
  const signedIn = await idp.signIn(report.callers.issuer.split('/').at(-1) ?? '', {
    clientId: report.client.clientId,
    clientSecret,
    redirectUri: 'http://127.0.0.1:33418',
    scope: 'openid email mcp:tools:call',
  });
  const callerToken = String(signedIn.body['access_token']);
  const answer = await post(`${url}/mcp`, callerToken);
  assert.equal(answer.status, 200, await answer.clone().text());
  const { authorization = '', dpop } = upstream.seen[0]?.headers ?? {};
  assert.match(authorization, /^DPoP /);
  const given = authorization.slice('DPoP '.length);
  assert.match((claimsOf(given)['cnf'] as { jkt: string }).jkt, /^[\w-]{43}$/);
  assert.equal(claimsOf(dpop)['htu'], `${upstream.url}/mcp`);
  const { aud, sub, scp } = claimsOf(given);
  assert.deepEqual({ aud, sub, scp }, { aud: 'backend', sub: 'alice@example.com', scp: ['backend-api:read'] });
  assert.equal(claimsOf(callerToken)['aud'], 'mcpserver');
  serving.kill('SIGTERM');

  const again = await runUsher(context, ['setup', 'okta', ...flags, ...gateway, '--yes']);
  assert.equal((JSON.parse(again.stdout) as { state: string }).state, 'unchanged');
  assert.match(again.stderr, /nothing to change/);

  const undone = await runUsher(context, ['setup', 'okta', ...flags, '--undo', '--yes']);
  assert.equal(undone.code, 0, undone.stderr);
  assert.deepEqual(await readOrg(idp), before);
  assert.deepEqual(await readdir(folder), ['audit.jsonl']);
});

/** The same as the command does, in this process. */
async function setUpIn(
  idp: TestIdp,
  folder: string,
  { upstreamUrl = 'http://127.0.0.1:8001/mcp', ...change }: Partial<OktaWanted> & { upstreamUrl?: string } = {},
) {
  const apiToken = new Secret((await readFile(idp.idp.apiTokenFile ?? '', 'utf8')).trim());
  const wanted: OktaWanted = {
    signIn: { audience: 'mcpserver', scopes: ['mcp:tools:call'] },
    backend: { audience: 'backend', scopes: ['backend-api:read'] },
    client: { label: 'MCP client', redirectUris: ['http://127.0.0.1:33418', 'https://vscode.dev/redirect'] },
    gateway: { label: 'MCP gateway', dpop: undefined },
    group: 'Everyone',
    ...change,
  };
  const setUp = setUpOkta({ origin: idp.idp.httpUrl, apiToken }, wanted);
  const watcher = { agree: async () => true, done: () => undefined };
  const choices = { name: 'mcp', upstreamUrl, port: 8000, caFile: undefined };
  return {
    run: () => runSetUp(setUp, folder, { choices, watcher }),
    undo: () => undoSetUp(setUp, folder, watcher),
    [Symbol.asyncDispose]: () => setUp.close(),
  };
}

test('set-up of Okta – an org that has half of it, differently – adds what is missing; undone it is as before', async (context) => {
  await using idp = await startTestIdp((seed: SeedData) => {
    const [mcpserver, backend] = seed.servers;
    // Somebody's own policy grants the sign-in; the back end's rule is off and lacks the scope; nothing is trusted.
    mcpserver?.policies.splice(0, 1);
    const rule = {
      name: 'Exchange tokens',
      active: false,
      grantTypes: ['client_credentials'],
      scopes: ['other:scope'],
    };
    Object.assign(backend ?? {}, {
      trusts: [],
      scopes: [{ name: 'other:scope' }],
      policies: [{ name: 'MCP gateway', clients: ['gateway'], rules: [rule] }],
    });
    const gateway = seed.apps.find(({ clientId }) => clientId === 'gateway');
    Object.assign(gateway ?? {}, { label: 'MCP gateway', requireDpop: true, grantTypes: ['client_credentials'] });
    const vscode = seed.apps.find(({ clientId }) => clientId === 'vscode');
    Object.assign(vscode ?? {}, { redirectUris: ['https://vscode.dev/redirect'], assigned: { groups: ['Sales'] } });
  });
  const folder = await makeFolder(context);
  const before = await readOrg(idp);
  await using setUp = await setUpIn(idp, folder, {
    client: { label: 'Visual Studio Code', redirectUris: ['http://127.0.0.1:33418', 'https://vscode.dev/redirect'] },
  });
  const { steps, found } = await setUp.run();
  assert.deepEqual(
    steps.map(({ sentence }) => sentence),
    [
      'Add the scope "backend-api:read" to the authorization server "Back end"',
      'Let the authorization server "Back end" trust "MCP server"',
      'In the app "Visual Studio Code" (vscode): add the redirect URI http://127.0.0.1:33418',
      'Assign the app "Visual Studio Code" to the group "Everyone"',
      'In the app "MCP gateway" (gateway): tick the grant urn:ietf:params:oauth:grant-type:token-exchange',
      'In the rule "Exchange tokens" of the policy "MCP gateway" of "Back end": grant urn:ietf:params:oauth:grant-type:token-exchange to anybody assigned to the app, scopes backend-api:read',
      'Activate the rule "Exchange tokens" of the policy "MCP gateway" of the authorization server "Back end"',
    ],
  );
  assert.ok(found.some((sentence) => sentence.startsWith('Policy "Clients that registered themselves"')));
  assert.equal((await setUp.run()).state, 'unchanged');
  await setUp.undo();
  assert.deepEqual(await readOrg(idp), before);
  assert.deepEqual(await readdir(folder), []);
});

const version = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'GetCountry' };
const getCountry = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: {
    name: 'GetCountry',
    arguments: { code: 'CZ' },
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1.0.0' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
};

/** The countries API and the MCP server in front of it, which take the tokens of an authorization server that is there later. */
async function startCountries(
  stack: AsyncDisposableStack,
  { idp, issuer, requireDpop, folder }: { idp: TestIdp; issuer: string; requireDpop: boolean; folder: string },
) {
  const trusted = {
    issuer,
    audience: 'backend',
    scopes: ['backend-api:read'],
    caFile: idp.idp.caFile,
    stateDir: folder,
    requireDpop,
  };
  const [apiPort, port] = [await freePort(), await freePort()];
  const apiUrl = `http://127.0.0.1:${apiPort}/`;
  stack.use(await startCountriesApi({ ...trusted, port: apiPort }));
  stack.use(await startCountriesServer({ ...trusted, port, apiUrl }));
  return { apiUrl, upstreamUrl: `http://127.0.0.1:${port}/mcp` };
}

for (const [name, dpop] of [
  ['proof of possession as a new app demands it', undefined],
  ['--no-token-exchange-dpop', false],
] as const) {
  test(`set-up of Okta – ${name} – the whole scenario runs with the written configuration`, async (context) => {
    await using stack = new AsyncDisposableStack();
    const idp = stack.use(await startTestIdp((seed) => Object.assign(seed, { servers: [], apps: [] })));
    const folder = await makeFolder(context);
    const flags = [
      '--org',
      idp.idp.httpsUrl,
      '--ca-file',
      idp.idp.caFile,
      '--api-token-file',
      idp.idp.apiTokenFile ?? '',
      '--out',
      folder,
      '--yes',
    ];
    // Where the API's tokens come from is known when that is made: the servers behind are started for it.
    const first = await runUsher(context, [
      'setup',
      'okta',
      ...flags,
      ...(dpop === false ? ['--no-token-exchange-dpop'] : []),
    ]);
    assert.equal(first.code, 0, first.stderr);
    assert.match(
      first.stderr,
      dpop === false
        ? /app "MCP gateway", .*without demanding proof of possession \(DPoP\): the server behind gets bearer tokens/
        : /app "MCP gateway", .*demanding proof of possession \(DPoP\) as new apps do: .*\(--no-token-exchange-dpop: bearer tokens\)/,
    );
    const { servers } = loadConfig({ file: join(folder, 'usher.yaml'), flags: [], environment: {} }).config;
    const made = servers['mcp']?.credential;
    assert.ok(made?.strategy === 'token-exchange');
    assert.equal(made.dpop, dpop !== false);
    const { apiUrl, upstreamUrl } = await startCountries(stack, {
      idp,
      issuer: made.url.replace('/v1/token', ''),
      requireDpop: dpop !== false,
      folder,
    });
    const more = ['--target-uri', upstreamUrl, ...(dpop === false ? [] : ['--token-exchange-dpop-url', apiUrl])];
    // The app is there now: it is left as it is, and the configuration follows it.
    const second = await runUsher(context, ['setup', 'okta', ...flags, ...more, '--json']);
    assert.equal(second.code, 0, second.stderr);
    assert.match(
      second.stderr,
      dpop === false ? /which does not demand proof .*gives none/ : /which demands proof .*gives it/,
    );
    const { callers, client } = JSON.parse(second.stdout) as {
      callers: { issuer: string };
      client: { clientId: string; clientSecretFile: string };
    };
    const { config } = loadConfig({ file: join(folder, 'usher.yaml'), flags: [], environment: {} });
    const port = await freePort();
    stack.use(await startGateway({ ...config, listen: { ...config.listen, port } }, collectLog()));
    const signedIn = await idp.signIn(callers.issuer.split('/').at(-1) ?? '', {
      clientId: client.clientId,
      clientSecret: (await readFile(client.clientSecretFile, 'utf8')).trim(),
      redirectUri: 'http://127.0.0.1:33418',
      scope: 'openid mcp:tools:call',
    });
    const answer = await post(
      `http://127.0.0.1:${port}/mcp`,
      String(signedIn.body['access_token']),
      getCountry,
      version,
    );
    // An API that takes bound tokens only, or one that takes no proofs for another URL than its own.
    assert.match(await answer.text(), /Czechia/);
  });
}

for (const [name, dpop, demanded, change] of [
  ['an app that demands proof of possession', undefined, true, undefined],
  ['an app that demands none', undefined, false, undefined],
  [
    'an app that demands proof of possession and --no-token-exchange-dpop',
    false,
    true,
    /no longer demand proof of possession/,
  ],
  ['an app that demands none and --token-exchange-dpop', true, false, /: demand proof of possession/],
] as const) {
  test(`set-up of Okta – ${name} – ${change === undefined ? 'left as it is' : 'changed'}, and the configuration follows it`, async (context) => {
    await using idp = await startTestIdp((seed: SeedData) => {
      const gateway = seed.apps.find(({ clientId }) => clientId === 'gateway');
      Object.assign(gateway ?? {}, { requireDpop: demanded, grantTypes: ['client_credentials', tokenExchangeGrant] });
    });
    const label = 'MCP gateway';
    const folder = await makeFolder(context);
    await using setUp = await setUpIn(idp, folder, { gateway: { label, dpop } });
    const { steps, found } = await setUp.run();
    const about = steps
      .map(({ sentence }) => sentence)
      .filter((sentence) => sentence.startsWith(`In the app "${label}"`));
    assert.equal(about.length, change === undefined ? 0 : 1);
    if (change !== undefined) assert.match(about[0] ?? '', change);
    else
      assert.ok(
        found.some(
          (one) => one.startsWith(`App "${label}"`) && one.includes(demanded ? 'which demands' : 'which does not'),
        ),
      );
    const { config } = loadConfig({ file: join(folder, 'usher.yaml'), flags: [], environment: {} });
    const credential = config.servers['mcp']?.credential;
    assert.ok(credential?.strategy === 'token-exchange');
    assert.equal(credential.dpop, dpop ?? demanded);
  });
}

test('set-up of Okta – a step refused half way – says so, keeps the record, and goes on when run again', async (context) => {
  await using idp = await startTestIdp((seed) => Object.assign(seed, { servers: [], apps: [] }));
  const folder = await makeFolder(context);
  const before = await readOrg(idp);
  // Not a scope name (RFC 6749 §3.3): Okta refuses it after three steps.
  await using wrong = await setUpIn(idp, folder, { backend: { audience: 'backend', scopes: ['käse'] } });
  await assert.rejects(wrong.run(), {
    message: /refused to POST \/api\/v1\/authorizationServers\/aus\w+\/scopes, 400 E0000001/,
  });
  await using setUp = await setUpIn(idp, folder);
  const { state, found } = await setUp.run();
  assert.equal(state, 'applied');
  assert.ok(found.includes('Authorization server "backend" with audience "backend"'));
  await setUp.undo();
  assert.deepEqual(await readOrg(idp), before);
});

test('set-up of Okta – a wrong API token, a console address, no way to ask – refused with what to do, nothing written', async (context) => {
  await using idp = await startTestIdp();
  const folder = await makeFolder(context);
  const tokenFile = join(folder, 'token.txt');
  await writeFile(tokenFile, '00not-the-token\n', { mode: 0o600 });
  const flags = ['--api-token-file', tokenFile, '--out', join(folder, 'out')];
  const wrongToken = await runUsher(context, ['setup', 'okta', '--org', idp.idp.httpUrl, ...flags, '--yes']);
  assert.equal(wrongToken.code, 1);
  assert.match(wrongToken.stderr, /401 E0000011/);
  assert.match(wrongToken.stderr, /Security → API → Tokens/);
  assert.ok(!wrongToken.stderr.includes('00not-the-token'));
  const wrong = await runUsher(context, ['setup', 'okta', '--org', 'https://example-admin.okta.com', ...flags]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--org: is "https:\/\/example-admin\.okta\.com", the address of its console/);
  assert.match(wrong.stderr, /--yes: is missing; without a terminal nobody can be asked/);
  const plain = await runUsher(context, ['setup', 'okta', '--org', 'http://example.okta.com', '--yes'], {
    env: { OKTA_API_TOKEN: '00not-the-token' },
  });
  const both = ['--token-exchange-dpop', '--no-token-exchange-dpop', '--token-exchange-dpop-url', 'api'];
  const contradicted = await runUsher(context, ['setup', 'okta', '--org', idp.idp.httpUrl, ...flags, '--yes', ...both]);
  assert.equal(contradicted.code, 2);
  assert.match(
    contradicted.stderr,
    /--no-token-exchange-dpop: is given beside --token-exchange-dpop; keep one of them/,
  );
  assert.match(contradicted.stderr, /--token-exchange-dpop-url: is given beside --no-token-exchange-dpop/);
  assert.match(contradicted.stderr, /--token-exchange-dpop-url: is "api", expected an http or https URL/);
  assert.doesNotMatch(plain.stderr, /--api-token-file/);
  assert.match(plain.stderr, /--org: is "http:\/\/example\.okta\.com", expected the URL of an org: https:/);
  await assert.rejects(stat(join(folder, 'out')), { code: 'ENOENT' });
});
