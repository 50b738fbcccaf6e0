import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { signInUser, type SignedIn } from '../../src/demo/sign-in-user.ts';
import type { AuditRecord } from '../../src/model/audit-record.ts';
import { keycloakAdmin } from '../../tools/real/start-keycloak.js';
import { makeFolder } from '../kit/config-input.ts';
import { findRealProvider } from '../kit/find-real-provider.ts';
import { freePort } from '../kit/free-port.ts';
import { runUsher, startUsher, type UsherResult } from '../kit/run-usher.ts';
import { until } from '../kit/until.ts';
import { assertScenario } from './assert-scenario.ts';
import { alice, createRealm, names, type KeycloakRealm } from './keycloak-realm.ts';
import { startCountries, type Countries } from './start-countries.ts';

const { url, skip } = findRealProvider('TEST_KEYCLOAK');

/** What the command says at the end. */
function reportOf({ code, stdout, stderr }: UsherResult): Readonly<Record<string, unknown>> {
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
}

/** The command, with the administrator's password in a file. */
async function prepareCommand(context: TestContext, realm: string, folder: string) {
  const passwordFile = join(makeFolder(context), 'password.txt');
  await writeFile(passwordFile, `${keycloakAdmin.password}\n`);
  const args = ['setup', 'keycloak', '--url', url, '--realm', realm, '--admin-password-file', passwordFile];
  return (...more: readonly string[]) => runUsher(context, [...args, '--out', folder, ...more]);
}

test('usher setup keycloak – an untouched realm', { skip, timeout: 150_000 }, async (context) => {
  const realm = await createRealm(url);
  const folder = makeFolder(context);
  const run = await prepareCommand(context, realm.name, folder);
  await using countries = await startCountries(realm.issuer);
  const port = await freePort();
  const setUp = (...more: readonly string[]) => run('--target-uri', countries.mcpUrl, '--port', String(port), ...more);
  const untouched = await realm.snapshot();

  await context.test('a dry run – says what it would do and does nothing', async () => {
    const { code, stdout } = await setUp('--dry-run');
    assert.equal(code, 0);
    assert.match(stdout, /\+ Create the client "mcpserver", the gateway, with Standard Token Exchange/);
    assert.doesNotMatch(stdout, /mcp-client-secret/);
    assert.deepEqual(await realm.snapshot(), untouched);
    assert.deepEqual(await readdir(folder), []);
  });
  await context.test('applied – files for their owner alone, the secret in one of them and nowhere else', async () => {
    const result = await setUp('--yes', '--json');
    assert.equal(reportOf(result)['state'], 'applied');
    await assertSecrecy(folder, result);
  });
  await context.test('once more – changes nothing', async () => {
    const [before, config] = [await realm.snapshot(), await readFile(join(folder, 'usher.yaml'), 'utf8')];
    const again = reportOf(await setUp('--yes', '--json'));
    assert.equal(again['state'], 'unchanged');
    assert.deepEqual(again['steps'], []);
    assert.deepEqual(await realm.snapshot(), before);
    assert.equal(await readFile(join(folder, 'usher.yaml'), 'utf8'), config);
  });
  const gateway = startUsher(context, ['serve', '-f', join(folder, 'usher.yaml')], { cwd: folder });
  gateway.stdout?.resume();
  gateway.stderr?.resume();
  const mcpUrl = `http://localhost:${port}/mcp`;
  await until(async () => (await fetch(mcpUrl).catch(() => undefined))?.status === 401, 60_000);
  await context.test('the written configuration – the scenario runs with it', () =>
    assertServed({ folder, mcpUrl, countries, realm }),
  );
  await context.test('usher doctor – finds nothing wrong with any of it', () => assertHealthy(context, folder, mcpUrl));
  gateway.kill('SIGKILL');
  await context.test('--undo – leaves the realm as it was, and nothing of its own in the folder', async () => {
    assert.equal(reportOf(await setUp('--undo', '--yes', '--json'))['state'], 'undone');
    assert.deepEqual(await realm.snapshot(), untouched);
    assert.deepEqual(await readdir(folder), ['audit.jsonl']);
  });
});

async function assertSecrecy(folder: string, { stdout, stderr }: UsherResult): Promise<void> {
  const secret = (await readFile(join(folder, 'gateway-secret.txt'), 'utf8')).trim();
  assert.ok(secret.length >= 32);
  const found = (await readdir(folder)).toSorted();
  assert.deepEqual(found, ['gateway-secret.txt', 'usher-setup.json', 'usher.yaml']);
  for (const name of found) {
    assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name);
    const text = await readFile(join(folder, name), 'utf8');
    assert.equal(text.includes(secret), name === 'gateway-secret.txt', name);
    assert.ok(!text.includes(keycloakAdmin.password), name);
  }
  for (const said of [stdout, stderr]) {
    assert.ok(!said.includes(secret));
    assert.ok(!said.includes(keycloakAdmin.password));
  }
}

interface Served {
  readonly folder: string;
  readonly mcpUrl: string;
  readonly countries: Countries;
  readonly realm: KeycloakRealm;
}

/** Plays the scenario at the process that serves what is in the folder. */
async function assertServed({ folder, mcpUrl, countries, realm }: Served): Promise<void> {
  const readLines = async () => (await readFile(join(folder, 'audit.jsonl'), 'utf8')).split('\n').slice(0, -1);
  await assertScenario({
    mcpUrl,
    countries,
    issuers: { caller: realm.issuer, api: realm.issuer },
    signIn: () => signIn(mcpUrl),
    records: async () => (await readLines()).map((line): AuditRecord => JSON.parse(line)),
  });
}

function signIn(mcpUrl: string): Promise<SignedIn> {
  const app = { clientId: names.mcpClient, redirectUri: 'http://127.0.0.1:33418/' };
  return signInUser({ mcpUrl, ...app, ...alice });
}

/** The whole chain as the doctor sees it, with a token of a user. */
async function assertHealthy(context: TestContext, folder: string, mcpUrl: string): Promise<void> {
  const tokenFile = join(makeFolder(context), 'token.txt');
  await writeFile(tokenFile, (await signIn(mcpUrl)).callerToken, { mode: 0o600 });
  const tool = ['--tool', 'GetCountry', '--tool-arguments', '{"code":"CZ"}'];
  const args = ['-f', join(folder, 'usher.yaml'), '--caller-token-file', tokenFile, '--client-id', names.mcpClient];
  const { code, stdout, stderr } = await runUsher(context, ['doctor', ...args, ...tool], { cwd: folder });
  assert.equal(code, 0, `${stdout}${stderr}`);
  for (const check of ['redirect-uris', 'exchange', 'exchanged-user', 'tool-call'])
    assert.ok(new RegExp(`✔ [^\n]+\\[${check}\\]`).test(stdout), stdout);
}

test('usher setup keycloak – no such realm – says where to create one', { skip }, async (context) => {
  const run = await prepareCommand(context, 'nobody', makeFolder(context));
  const { code, stderr } = await run('--yes');
  assert.equal(code, 2);
  assert.match(stderr, /there is no realm "nobody"[^]*Create realm/);
});
