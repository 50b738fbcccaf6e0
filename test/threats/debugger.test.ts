import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectResult, startUsher } from '../kit/run-usher.ts';

const noSignals = process.platform === 'win32' ? 'Windows has no such signal' : false;

test('usher run – SIGUSR1, by which Node.js opens a debugger – opens none', { skip: noSignals }, async (context) => {
  const args = ['run', '--foreground', '--anonymous', '--port', '0', 'http://127.0.0.1:1/mcp'];
  const child = startUsher(context, args);
  child.stderr?.on('data', (text: Buffer) => {
    if (!String(text).includes('audit trail')) return;
    child.kill('SIGUSR1');
    setTimeout(() => child.kill('SIGTERM'), 500);
  });
  const { code, stderr } = await collectResult(child);
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stderr, /Debugger listening/);
});
