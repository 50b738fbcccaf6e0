import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { post } from '../kit/call.ts';
import { freePort } from '../kit/free-port.ts';
import { makeMachine, type TestMachine } from '../kit/make-machine.ts';

const secret = 'gateway-s3cr3t-of-some-length';

/** A server called apollo whose exchange has a secret that is given so. */
async function runWithSecret(
  context: TestContext,
  { flags = [], env = {} }: { flags?: readonly string[]; env?: Readonly<Record<string, string>> },
): Promise<TestMachine> {
  const machine = makeMachine(context);
  const given = {
    'oidc-issuer': 'https://issuer.example.com',
    'oidc-audience': 'mcpserver',
    'token-exchange-url': 'https://issuer.example.com/token',
    'token-exchange-client-id': 'gateway',
    'token-exchange-audience': 'backend',
    name: 'apollo',
    port: String(await freePort()),
  };
  const words = Object.entries(given).flatMap(([name, value]) => [`--${name}`, value]);
  const { code, stdout, stderr } = await machine.usher(['run', ...words, ...flags, 'http://127.0.0.1:9/mcp'], { env });
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stdout + stderr, /s3cr3t/);
  assert.match(stderr, /a secret of it is kept in the secret store as server\.apollo\.credential\.clientSecret/);
  return machine;
}

/** Every file below a folder that holds the text. */
function filesWith(folder: string, text: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile() && readFileSync(path, 'latin1').includes(text));
}

const skip = process.platform === 'linux' ? false : 'no /proc';

for (const [way, given] of [
  ['as a flag', { flags: ['--token-exchange-client-secret', secret] }],
  ['in a variable', { env: { USHER_TOKEN_EXCHANGE_CLIENT_SECRET: secret } }],
  ['in the variable of another gateway', { env: { TOOLHIVE_TOKEN_EXCHANGE_CLIENT_SECRET: secret } }],
] as const) {
  test(
    `a secret given ${way} to a server in the background – in no file, no arguments, no environment`,
    { skip },
    async (context) => {
      const machine = await runWithSecret(context, given);
      assert.deepEqual(filesWith(machine.home, secret), []);
      const { process: own } = JSON.parse(machine.read('apollo', 'run.json')) as { process: { pid: number } };
      for (const file of ['cmdline', 'environ']) {
        assert.doesNotMatch(readFileSync(`/proc/${own.pid}/${file}`, 'utf8'), /s3cr3t/, file);
      }
      const words = readFileSync(`/proc/${own.pid}/cmdline`, 'utf8').split('\0');
      assert.ok(words.includes('apollo'));
    },
  );
}

test('a secret of the secret store – stop, start, rm – is found again, and goes with the server', async (context) => {
  const machine = await runWithSecret(context, { env: { USHER_TOKEN_EXCHANGE_CLIENT_SECRET: secret } });
  assert.match(
    (await machine.usher(['export', 'apollo'])).stdout,
    /clientSecretRef: server\.apollo\.credential\.clientSecret/,
  );
  assert.equal((await machine.usher(['restart', 'apollo'])).code, 0);
  assert.match((await machine.usher(['secret', 'list'])).stdout, /server\.apollo\.credential\.clientSecret/);
  assert.equal((await machine.usher(['rm', 'apollo', '--force'])).code, 0);
  assert.doesNotMatch((await machine.usher(['secret', 'list'])).stdout, /server\.apollo/);
});

test('a secret of the store in the environment of a command – in no file, and there again after a restart', async (context) => {
  const machine = makeMachine(context);
  await machine.usher(['secret', 'set', 'github'], { stdin: secret });
  const [port, targetPort] = [await freePort(), await freePort()];
  const program = `require('http').createServer((_, r) => r.end(process.env.TOKEN)).listen(${targetPort}, '127.0.0.1')`;
  const flags = ['--anonymous', '--name', 'apollo', '--port', `${port}`, '--target-port', `${targetPort}`];
  const words = [
    ...flags,
    '--secret',
    'github,target=TOKEN',
    '--env',
    'PLAIN=1',
    '--',
    process.execPath,
    '-e',
    program,
  ];
  const started = await machine.usher(['run', ...words]);
  assert.equal(started.code, 0, started.stderr);
  assert.deepEqual(filesWith(machine.home, secret), []);
  assert.match(machine.read('apollo', 'settings.yaml'), /env:\n +PLAIN: "1"\n +secretEnv:\n +TOKEN: github/);
  assert.equal((await machine.usher(['restart', 'apollo'])).code, 0);
  assert.equal(await (await post(`http://localhost:${port}/mcp`, undefined)).text(), secret);
  // Killed, as at the end of a test, it would leave its command behind.
  assert.equal((await machine.usher(['stop', 'apollo'])).code, 0);
});

test('a server that does not start – leaves no secret in the store, and no files', async (context) => {
  const machine = makeMachine(context);
  const args = [
    'run',
    '--name',
    'apollo',
    '--oidc-issuer',
    'https://issuer.example.com',
    '--oidc-audience',
    'mcpserver',
  ];
  const exchange = [
    '--token-exchange-url',
    'https://issuer.example.com/token',
    '--token-exchange-client-id',
    'gateway',
  ];
  const rest = ['--token-exchange-audience', 'backend', '--host', '203.0.113.1', 'http://127.0.0.1:9/mcp'];
  const env = { USHER_TOKEN_EXCHANGE_CLIENT_SECRET: secret };
  const { code, stderr } = await machine.usher([...args, ...exchange, ...rest], { env });
  assert.equal(code, 3, stderr);
  assert.doesNotMatch((await machine.usher(['secret', 'list'])).stdout, /server\.apollo/);
  assert.ok(!existsSync(machine.file('apollo', '')));
});
