import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { runUsher } from '../kit/run-usher.ts';
import { startScenario, type Scenario } from '../kit/start-scenario.ts';

interface Checked {
  readonly id: string;
  readonly result: string;
  readonly evidence: string;
  readonly cause?: string;
  readonly fix?: string;
}

/** An operator checks a set-up before anybody signs in. The faults it finds are those of `usher lab faults`. */
describe('usher doctor', () => {
  let scenario: Scenario;
  let folder: string;
  let tokenFile: string;
  let callerToken: string;
  before(async () => {
    scenario = await startScenario();
    folder = await mkdtemp(join(tmpdir(), 'usher-doctor-'));
    tokenFile = join(folder, 'token');
    callerToken = await scenario.signIn();
    await writeFile(tokenFile, callerToken, { mode: 0o600 });
    await writeFile(join(folder, 'secret'), 'gateway-development-secret\n', { mode: 0o600 });
  });
  after(async () => {
    await scenario[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  function flags(changed: Readonly<Record<string, string>> = {}): string[] {
    const [mcpserver, backend] = scenario.idp.servers;
    const usual = {
      '--port': String(scenario.gateway.port),
      '--oidc-issuer': mcpserver?.issuer ?? '',
      '--oidc-audience': 'mcpserver',
      '--oidc-scopes': 'mcp:tools:call',
      '--token-exchange-url': backend?.tokenUrl ?? '',
      '--token-exchange-client-id': 'gateway',
      '--token-exchange-client-secret-file': join(folder, 'secret'),
      '--token-exchange-audience': 'backend',
      '--token-exchange-scopes': 'backend-api:read',
      '--ca-file': scenario.idp.caFile,
      '--target-uri': scenario.mcpServerUrl,
    };
    return Object.entries({ ...usual, ...changed }).flat();
  }

  async function check(context: TestContext, args: readonly string[]) {
    const { code, stdout, stderr } = await runUsher(context, ['doctor', 'countries', ...args, '--json']);
    assert.ok(stdout !== '', stderr);
    const { ok, servers } = JSON.parse(stdout) as { ok: boolean; servers: { server: string; checks: Checked[] }[] };
    return { code, ok, stdout, checks: new Map(servers[0]?.checks.map((one) => [one.id, one])) };
  }

  const resultsOf = (checks: ReadonlyMap<string, Checked>, result: string) =>
    [...checks.values()].filter((one) => one.result === result).map(({ id }) => id);

  test('the client people sign in with, in the settings – its redirect URIs are looked at', async (context) => {
    const { checks } = await check(context, [...flags(), '--oauth-client-id', 'vscode']);
    assert.match(checks.get('redirect-uris')?.evidence ?? '', /^Client vscode: .*Visual Studio Code: yes/);
  });

  test('a good set-up, with a token, a client and a tool – everything passes, exit 0, no token shown', async (context) => {
    const { code, ok, stdout, checks } = await check(context, [
      ...flags(),
      '--caller-token-file',
      tokenFile,
      '--client-id',
      'vscode',
      '--tool',
      'GetCountry',
      '--tool-arguments',
      '{"code":"SE"}',
    ]);
    assert.deepEqual(resultsOf(checks, 'fail'), [], stdout);
    assert.deepEqual(resultsOf(checks, 'unknown'), [], stdout);
    assert.equal(code, 0);
    assert.equal(ok, true);
    assert.match(checks.get('redirect-uris')?.evidence ?? '', /Visual Studio Code: yes/);
    assert.match(checks.get('tool-call')?.evidence ?? '', /Sweden/);
    for (const part of callerToken.split('.')) assert.ok(!stdout.includes(part));
    assert.ok(!stdout.includes('gateway-development-secret'));
  });

  test('a good set-up without a token – what needs one is unknown with a way to find out, exit 0', async (context) => {
    const { code, checks } = await check(context, flags());
    assert.equal(code, 0);
    assert.deepEqual(resultsOf(checks, 'fail'), []);
    assert.deepEqual(resultsOf(checks, 'unknown'), [
      'caller-token',
      'policy',
      'exchange-request',
      'exchange',
      'exchanged-user',
      'server-accepts',
      'tool-call',
    ]);
    assert.match(checks.get('caller-token')?.fix ?? '', /--caller-token-file/);
    assert.equal(checks.get('exchange-grant')?.result, 'pass');
  });

  test('a wrong secret – the exchange client fails with its cause, what follows is not blamed, exit 1', async (context) => {
    await writeFile(join(folder, 'wrong'), 'something-else\n', { mode: 0o600 });
    const wrong = flags({ '--token-exchange-client-secret-file': join(folder, 'wrong') });
    const { code, ok, stdout, checks } = await check(context, [...wrong, '--caller-token-file', tokenFile]);
    assert.equal(code, 1);
    assert.equal(ok, false);
    assert.deepEqual(resultsOf(checks, 'fail'), ['exchange-client']);
    assert.equal(checks.get('exchange-client')?.cause, 'okta-secret-wrong');
    assert.match(checks.get('exchange')?.evidence ?? '', /^Not tried: /);
    assert.ok(!stdout.includes('something-else'));
  });

  test('a gateway that does not run yet – its metadata are unknown, and it is said why', async (context) => {
    const { code, checks } = await check(context, flags({ '--port': '1' }));
    assert.equal(code, 0);
    assert.equal(checks.get('resource-metadata')?.result, 'unknown');
    assert.match(checks.get('resource-metadata')?.fix ?? '', /Start the gateway/);
  });

  test('as text – each check with its mark and the count', async (context) => {
    const { stdout } = await runUsher(context, ['doctor', 'countries', ...flags()]);
    assert.match(stdout, /^ {2}✔ The issuer publishes metadata .* \[issuer-metadata\]$/m);
    assert.match(
      stdout,
      /^ {2}\? The caller's token is accepted \[caller-token\]\n +No token was given\n +Fix Sign in: --sign-in --client-id ID. Or give an access token/m,
    );
    assert.match(stdout, /nothing failed, \d+ passed, 7 unknown/);
  });

  test('certificates that end sooner than is wanted – a warning and exit 0, exit 1 with --strict', async (context) => {
    const days = [...flags(), '--certificate-days', '3000'];
    const { code, ok, checks } = await check(context, days);
    assert.deepEqual([code, ok, resultsOf(checks, 'warn')], [0, true, ['certificates']]);
    assert.equal(checks.get('certificates')?.cause, 'certificate-ends-soon');
    const strict = await check(context, [...days, '--strict']);
    assert.deepEqual([strict.code, strict.ok], [1, false]);
    const { stdout } = await runUsher(context, ['doctor', 'countries', ...days]);
    assert.match(stdout, /^ {2}! The TLS certificates .* \[certificates: certificate-ends-soon\]$/m);
    assert.match(stdout, /nothing failed, 1 to mend soon, \d+ passed/);
  });

  test('a configuration that cannot be used – the one failed check as JSON, exit 1', async (context) => {
    const { code, checks } = await check(context, ['--target-uri', scenario.mcpServerUrl]);
    assert.equal(code, 1);
    assert.deepEqual(resultsOf(checks, 'fail'), ['configuration']);
  });

  test('a token file that is not there, arguments that are no object – exit 2', async (context) => {
    const { code, stderr } = await runUsher(context, [
      'doctor',
      '--caller-token-file',
      '/nowhere',
      '--tool-arguments',
      '[1]',
      '--certificate-days',
      'soon',
      ...flags(),
    ]);
    assert.equal(code, 2);
    assert.match(stderr, /--caller-token-file: cannot be read/);
    assert.match(stderr, /--tool-arguments: is not a JSON object/);
    assert.match(stderr, /--certificate-days: is "soon", expected a number of days/);
  });
});
