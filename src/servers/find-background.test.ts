import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoBackground } from './find-background.ts';

const usual = { pid: 4242, ppid: 4200 };

test('the first process of a container – has no background', () => {
  assert.match(whyNoBackground({}, { pid: 1, ppid: 0 }) ?? '', /first process of a container/);
});

test('the process systemd started – has no background', () => {
  const environment = { INVOCATION_ID: 'a', SYSTEMD_EXEC_PID: '4242' };
  assert.match(whyNoBackground(environment, usual) ?? '', /started by systemd/);
});

test('a shell in a terminal that systemd started – has one', () => {
  assert.equal(whyNoBackground({ INVOCATION_ID: 'a', SYSTEMD_EXEC_PID: '4100' }, usual), undefined);
  assert.equal(whyNoBackground({}, usual), undefined);
});
