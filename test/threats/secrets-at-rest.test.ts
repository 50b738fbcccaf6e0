import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertAbsent } from '../kit/assert-refused.ts';
import { post } from '../kit/call.ts';
import { collectResult, startUsher } from '../kit/run-usher.ts';
import { startHttpServer } from '../kit/start-http-server.ts';
import { startIssuer } from '../kit/start-issuer.ts';

const secret = 'gateway-s3cr3t-of-some-length';

/** A server that answers with the token it was given, and writes down what its process was started with. */
const server = (file: string) => `
require('node:fs').writeFileSync(${JSON.stringify(file)}, process.pid + '\\n' + JSON.stringify([process.argv, process.env]));
require('node:http').createServer((request, response) => request.resume().on('end', () => {
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: {} }));
})).listen(process.argv[1], '127.0.0.1');`;

test(
  'secret and tokens of a running gateway – in no command line, no child, no log, no audit trail and no file it left',
  { skip: process.platform === 'linux' ? false : 'no /proc' },
  async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'usher-secrets-'));
    context.after(() => rm(folder, { recursive: true, force: true }));
    await using issuer = await startIssuer();
    const usual = issuer.onToken;
    const exchanged: string[] = [];
    issuer.onToken = async (request, response) => {
      const end = response.end.bind(response);
      response.end = ((text: string) => {
        exchanged.push(String((JSON.parse(text) as { access_token: unknown }).access_token));
        return end(text);
      }) as typeof response.end;
      await usual(request, response);
    };
    const [port, targetPort] = await freePorts();
    const childFile = join(folder, 'child');
    const secretFile = join(folder, 'secret');
    await writeFile(secretFile, secret, { mode: 0o600 });
    const auditFile = join(folder, 'audit.jsonl');
    const flags = {
      'oidc-issuer': issuer.issuer,
      'oidc-audience': 'mcpserver',
      'oidc-scopes': 'mcp:tools:call',
      'token-exchange-url': issuer.tokenUrl,
      'token-exchange-client-id': '0oaGateway',
      'token-exchange-client-secret-file': secretFile,
      'token-exchange-audience': 'backend',
      'token-exchange-scopes': 'backend-api:read',
      'audit-file': auditFile,
      'log-level': 'debug',
      port: String(port),
      'target-port': String(targetPort),
    };
    const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
    const command = [process.execPath, '-e', server(childFile), String(targetPort)];
    const usher = startUsher(context, ['run', '--foreground', ...args, '--', ...command], {
      env: { GATEWAY_SECRET: secret, NODE_OPTIONS: '' },
      cwd: folder,
    });
    const result = collectResult(usher);
    const url = `http://127.0.0.1:${port}`;
    for (let attempt = 0; attempt < 200 && !(await isUp(url)); attempt += 1) await sleep(25);

    const token = await issuer.sign();
    const shown: string[] = [];
    for (const callerToken of [token, `${token}x`, token]) {
      const response = await post(`${url}/mcp`, callerToken);
      shown.push(await response.text(), JSON.stringify([...response.headers]));
    }
    assert.equal(exchanged.length, 1, shown.join('\n'));
    const [childPid = '', child = ''] = (await readFile(childFile, 'utf8')).split('\n');
    shown.push(child, ...(await startedWith(Number(childPid))));
    shown.push((await startedWith(usher.pid ?? 0))[0] ?? '');
    usher.kill('SIGTERM');
    const { code, stdout, stderr } = await result;
    assert.equal(code, 0, stderr);
    shown.push(stdout, stderr);
    for (const name of await readdir(folder))
      if (name !== 'secret') shown.push(await readFile(join(folder, name), 'utf8'));
    assert.deepEqual(
      (await readdir(folder)).toSorted(),
      ['audit.jsonl', 'child', 'secret'],
      'no core, no heap, no report',
    );
    // The header of the two tokens is public, and the same in both.
    for (const one of [secret, ...[token, ...exchanged].flatMap((text) => text.split('.').slice(1))])
      assertAbsent(one, shown.join('\n'));
  },
);

/** Command line and environment of a process, as anybody on the machine with the right to look finds them. */
async function startedWith(pid: number): Promise<readonly string[]> {
  return Promise.all(['cmdline', 'environ'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8')));
}

async function freePorts(): Promise<readonly [number, number]> {
  await using one = await startHttpServer(() => {});
  await using other = await startHttpServer(() => {});
  return [one.port, other.port];
}

const isUp = (url: string) =>
  fetch(`${url}/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
