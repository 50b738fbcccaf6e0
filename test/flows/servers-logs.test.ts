import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { freePort } from '../kit/free-port.ts';
import { makeMachine } from '../kit/make-machine.ts';
import { collectResult } from '../kit/run-usher.ts';
import { until } from '../kit/until.ts';

/** An MCP server of sorts that writes as many numbered lines of four kilobytes as the path says, and answers when it has. */
const talkative = `
let line = 0;
require('node:http').createServer((request, response) => {
  const more = Number(request.url.slice(1));
  let text = '';
  for (const end = line + more; line < end; line += 1) text += 'number ' + line + ' ' + 'x'.repeat(4_000) + '\\n';
  process.stderr.write(text, () => response.end());
}).listen(process.argv[1], '127.0.0.1', () => console.error('I am ready'));
`;

async function runTalkative(context: TestContext) {
  const machine = makeMachine(context);
  const [port, targetPort] = [await freePort(), await freePort()];
  const args = ['run', '--anonymous', '--name', 'apollo', '--port', `${port}`, '--target-port', `${targetPort}`, '--'];
  const { code, stderr } = await machine.usher([...args, process.execPath, '-e', talkative, `${targetPort}`]);
  assert.equal(code, 0, stderr);
  return {
    machine,
    talk: async (lines: number) => void (await (await fetch(`http://127.0.0.1:${targetPort}/${lines}`)).text()),
  };
}

test('usher logs -f – a server in the background that says more than one file holds – each line once; all files are its owner’s', async (context) => {
  const { machine, talk } = await runTalkative(context);
  const child = machine.start(['logs', 'apollo', '-f', '-n', '1000']);
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text));
  await until(() => said.includes('I am ready'));
  // Twelve megabytes: put aside twice. Not faster than it is read.
  const [count, lot] = [3_000, 500];
  for (let line = lot; line <= count; line += lot) {
    await talk(lot);
    await until(() => said.includes(`number ${line - 1} `), 60_000);
  }
  child.kill('SIGTERM');
  assert.equal((await collectResult(child)).code, 0);
  const numbers = [...said.matchAll(/number (\d+) /g)].map(([, number]) => Number(number));
  assert.deepEqual(
    numbers,
    Array.from({ length: count }, (_, index) => index),
  );
  for (const base of ['log', 'log.1', 'log.2']) {
    const { mode, size } = statSync(machine.file('apollo', base));
    assert.equal(mode & 0o777, 0o600, base);
    assert.ok(size <= 5 * 1024 * 1024, base);
  }
  // Over the files it was put aside into.
  const { stdout } = await machine.usher(['logs', 'apollo', '-n', '2000']);
  const last = [...stdout.matchAll(/number (\d+) /g)].map(([, number]) => Number(number));
  assert.deepEqual(
    last,
    Array.from({ length: 2000 }, (_, index) => 1000 + index),
  );
});

test('usher logs -f – whose reader goes away – ends', async (context) => {
  const { machine, talk } = await runTalkative(context);
  const entry = new URL('../../src/cli/main.ts', import.meta.url).href;
  const program = `import(${JSON.stringify(entry)}).then(async ({ main }) => { process.exitCode = await main(process.argv.slice(1)); })`;
  const words = [process.execPath, '-e', program, '--', 'logs', 'apollo', '-f'];
  const shell = spawn('/bin/sh', ['-c', '"$@" | head -n 1', 'sh', ...words], {
    env: { PATH: process.env['PATH'] ?? '', ...machine.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  context.after(() => shell.kill('SIGKILL'));
  await once(shell.stdout, 'data');
  await talk(10);
  const ended = once(shell, 'exit');
  await until(() => shell.exitCode !== null);
  await ended;
});
