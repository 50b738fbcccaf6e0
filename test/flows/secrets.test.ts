import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeFolder, writeText } from '../kit/config-input.ts';
import { post } from '../kit/call.ts';
import { freePort } from '../kit/free-port.ts';
import { runProgram, startProgram } from '../kit/run-program.ts';
import { runUsher } from '../kit/run-usher.ts';

const launcher = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));

/** A home of its own, with a store whose key is in a file. */
function start(context: TestContext) {
  const home = makeFolder(context);
  const env = { HOME: home, USHER_SECRETS_KEY: 'file' };
  const run = (args: readonly string[], stdin?: string) =>
    runUsher(context, args, { env, ...(stdin === undefined ? {} : { stdin }) });
  return { home, env, run, store: join(home, '.local/share/usher/secrets.json') };
}

const flags =
  'run http://127.0.0.1:1/mcp --oidc-issuer https://issuer.example.com --oidc-audience mcpserver --token-exchange-url https://issuer.example.com/token --token-exchange-client-id gateway --token-exchange-audience backend'.split(
    ' ',
  );

describe('usher secret', () => {
  test('a secret that is piped in – is kept, listed without itself, printed, forgotten', async (context) => {
    const { run } = start(context);
    const set = await run(['secret', 'set', 'okta-gateway'], 'tops3cret\n');
    assert.equal(set.code, 0, set.stderr);
    assert.match(set.stderr, /^Kept okta-gateway in .*secrets\.json/);
    const list = await run(['secret', 'list']);
    assert.match(list.stdout, /^okta-gateway {2}\d{4}-/);
    assert.ok(![set, list].some(({ stdout, stderr }) => (stdout + stderr).includes('tops3cret')));
    assert.equal((await run(['secret', 'get', 'okta-gateway'])).stdout, 'tops3cret\n');
    assert.equal((await run(['secret', 'rm', 'okta-gateway'])).code, 0);
    const gone = await run(['secret', 'get', 'okta-gateway']);
    assert.equal(gone.code, 1);
    assert.match(gone.stderr, /There is no secret "okta-gateway"/);
  });
  test('status – says where, and who keeps the key', async (context) => {
    const { run, home } = start(context);
    await run(['secret', 'set', 'one'], '1');
    const { stdout } = await run(['secret', 'status', '--json']);
    assert.deepEqual(JSON.parse(stdout), {
      path: join(home, '.local/share/usher/secrets.json'),
      exists: true,
      key: `the file ${join(home, '.config/usher/secrets.key')}`,
      secrets: 1,
    });
  });
  const wrong = [
    [['set'], '', /NAME: is missing/],
    [['set', 'has a blank'], 'x', /is no name of a secret/],
    [['set', 'name'], '\n', /VALUE: is empty/],
    [['set', 'name'], ' x', /begins or ends with a space/],
    [['get', 'naem'], '', /Did you mean name\?/],
    [['rm', 'other'], '', /There is no secret "other"/],
    [['list', 'name'], '', /are too many/],
  ] as const;
  for (const [args, stdin, wanted] of wrong) {
    test(`usher secret ${args.join(' ')} ${JSON.stringify(stdin)} – is refused in one sentence`, async (context) => {
      const { run } = start(context);
      await run(['secret', 'set', 'name'], 'v4lue');
      const { code, stderr } = await run(['secret', ...args], stdin);
      assert.notEqual(code, 0);
      assert.match(stderr, wanted);
    });
  }
});

describe('a setting that names a secret', () => {
  test('as a flag, in the environment, in a file – is the secret', async (context) => {
    const { run, env } = start(context);
    await run(['secret', 'set', 'gateway'], 'tops3cret');
    const byFlag = await run(['config', 'check', ...flags.slice(1), '--token-exchange-client-secret-ref', 'gateway']);
    assert.equal(byFlag.code, 0, byFlag.stderr);
    const variable = { ...env, USHER_TOKEN_EXCHANGE_CLIENT_SECRET_REF: 'gateway' };
    assert.equal((await runUsher(context, ['config', 'check', ...flags.slice(1)], { env: variable })).code, 0);
    const file = writeText(
      context,
      'usher.yaml',
      `servers:
  mcp:
    authenticate: [{ issuer: https://issuer.example.com, audience: mcpserver }]
    credential: { url: https://issuer.example.com/token, clientId: gateway, audience: backend, clientSecretRef: gateway }
    upstream: { url: http://127.0.0.1:1/mcp }
`,
    );
    const byFile = await run(['config', 'check', '-f', file]);
    assert.equal(byFile.code, 0, byFile.stderr);
  });
  test('that is not there – is refused, and the command says how to put it there', async (context) => {
    const { run } = start(context);
    const { code, stderr } = await run([...flags, '--token-exchange-client-secret-ref', 'gateway']);
    assert.equal(code, 2);
    assert.match(stderr, /--token-exchange-client-secret-ref: names a secret that is not in .*usher secret set NAME/);
  });
  test('the secret itself by mistake – is refused without being repeated', async (context) => {
    const { run } = start(context);
    const { stderr } = await run([...flags, '--token-exchange-client-secret-ref', 's3cr3t+/=']);
    assert.match(stderr, /is no name of a secret/);
    assert.ok(!stderr.includes('s3cr3t'));
  });
  test('in a store that cannot be opened – is refused with the reason, not asked for elsewhere', async (context) => {
    const { run, store } = start(context);
    await run(['secret', 'set', 'gateway'], 'tops3cret');
    writeFileSync(store, readFileSync(store, 'utf8').slice(0, 100));
    const { code, stderr } = await run([...flags, '--token-exchange-client-secret-ref', 'gateway']);
    assert.equal(code, 2);
    assert.match(stderr, /cannot be followed: Cannot use the secret store .*damaged/);
  });
});

describe('a secret for a server that is run', () => {
  test('--secret NAME,target=VARIABLE – is in its environment, and shown nowhere', async (context) => {
    const { run, env, home } = start(context);
    await run(['secret', 'set', 'github'], 'tops3cret');
    const port = String(await freePort());
    // It goes with the gateway, also where that is killed.
    const stop = 'const parent = process.ppid; setInterval(() => process.ppid === parent || process.exit(), 100);';
    const server = `${stop} require('http').createServer((_, r) => r.end(process.env.TOKEN)).listen(${port}, '127.0.0.1')`;
    const args = ['--anonymous', '--port', '0', '--target-port', port, '--secret', 'github,target=TOKEN'];
    const words = [process.execPath, launcher, 'run', '--foreground', ...args, '--', process.execPath, '-e', server];
    await using usher = startProgram(words, { env: { ...env, USHER_AUDIT_FILE: join(home, 'audit.jsonl') } });
    await usher.said(/audit trail/);
    const url = /(http:\/\/localhost:\d+\/mcp)/.exec(usher.output().stderr)?.[1] ?? '';
    assert.equal(await (await post(url, undefined)).text(), 'tops3cret');
    const shown = await run(['config', 'show', ...args, '--', 'true']);
    assert.equal(shown.code, 0, shown.stderr);
    assert.ok(![usher.output().stderr, shown.stdout].some((text) => text.includes('tops3cret')));
  });
  const wrong = [
    ['github', /--secret: is not of the form NAME,target=VARIABLE/],
    ['other,target=TOKEN', /--secret: names a secret that is not in/],
    ['github,target=TO KEN', /--secret: .*a name of letters, digits and _/],
    ['github,target=TAKEN', /--secret: is for the variable "TAKEN", which env has as well/],
  ] as const;
  for (const [text, wanted] of wrong) {
    test(`--secret ${text} – is refused`, async (context) => {
      const { run } = start(context);
      await run(['secret', 'set', 'github'], 'tops3cret');
      const { code, stderr } = await run([
        'run',
        '--anonymous',
        '--target-port',
        '9009',
        '--env',
        'TAKEN=1',
        '--secret',
        text,
        '--',
        'true',
      ]);
      assert.equal(code, 2);
      assert.match(stderr, wanted);
    });
  }
});

describe('a secret on the command line', { skip: process.platform !== 'linux' && 'no /proc' }, () => {
  test('of a gateway that runs – is not in the list of processes, and works', async (context) => {
    const { home } = start(context);
    const words = flags.map((word) => word.replaceAll('https://issuer.example.com', 'http://127.0.0.1:1'));
    const secret = 'tops3cret-on-the-command-line';
    const own = ['--foreground', '--port', '0', '--token-exchange-client-secret', secret];
    const command = [process.execPath, launcher, ...words, ...own];
    await using usher = startProgram(command, { env: { HOME: home, USHER_AUDIT_FILE: join(home, 'audit.jsonl') } });
    await usher.said(/http:\/\/127\.0\.0\.1:\d+/);
    assert.ok(!listProcesses().includes(secret));
    const { stderr } = usher.output();
    assert.match(
      stderr,
      /warning: A secret on the command line .*--token-exchange-client-secret\. It is gone from there now/,
    );
    assert.ok(!stderr.includes(secret));
  });
});

describe('a secret on the command line, of a server that is changed or imported', () => {
  const saved = `{
    "name": "apollo", "remote_url": "http://127.0.0.1:9/mcp", "transport": "streamable-http", "port": 8000,
    "oidc_config": { "Issuer": "https://issuer.example.com", "Audience": "mcpserver" },
    "token_exchange_config": { "token_url": "https://issuer.example.com/token", "client_id": "gateway", "audience": "backend", "client_secret": "of-the-file" }
  }`;
  test('usher import, usher update – it counts, and is kept in the secret store', async (context) => {
    const home = makeFolder(context);
    const env = { HOME: home, USHER_SECRETS_KEY: 'file', USHER_TOKEN_EXCHANGE_AUDIENCE: 'of-the-environment' };
    const usher = (...words: string[]) => runProgram([process.execPath, launcher, ...words], { env });
    const file = join(home, 'apollo.json');
    writeFileSync(file, saved);
    const imported = await usher('import', file, '--yes', '--token-exchange-client-secret', 'of-the-import');
    assert.equal(imported.code, 0, imported.stderr);
    const name = 'server.apollo.credential.clientSecret';
    assert.equal((await usher('secret', 'get', name)).stdout, 'of-the-import\n');
    const updated = await usher('update', 'apollo', '--token-exchange-client-secret', 'of-the-update');
    assert.equal(updated.code, 0, updated.stderr);
    const { stdout } = await usher('export', 'apollo');
    const [, kept = ''] = /clientSecretRef: (.*)\n/.exec(stdout) ?? [];
    assert.equal((await usher('secret', 'get', kept)).stdout, 'of-the-update\n');
    // What the environment says of everything else counts for neither.
    assert.match(stdout, /audience:\n +- backend\n/);
  });
});

/** What everybody on this machine can see of all programs. */
function listProcesses(): string {
  const lines = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return ''; // it has ended
      }
    });
  return lines.join('\n');
}
