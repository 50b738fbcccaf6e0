import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { hasEnded, markProcess } from './process-mark.ts';

const [, start = '', within = ''] = markProcess().split(' ');

test("what this process made – is nobody's leftover", () => assert.equal(hasEnded(markProcess()), false));

test('what a process made that ended – is one', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  assert.equal(hasEnded(`${child.pid} ${start} ${within}`), true);
});

test(
  'a process that has the number of one that ended – is not taken for it',
  { skip: within.startsWith('-') && 'no /proc' },
  () => assert.equal(hasEnded(`${process.pid} 1 ${within}`), true),
);

test(
  'what was made before the machine started anew – is a leftover',
  { skip: within.startsWith('-') && 'no /proc' },
  () => assert.equal(hasEnded(`${process.pid} ${start} another-boot/${within.split('/')[1]}`), true),
);

test(
  'what was made in another name space of processes – may be in use',
  { skip: within.startsWith('-') && 'no /proc' },
  () => assert.equal(hasEnded(`1 1 ${within.split('/')[0]}/pid:[1]`), false),
);

for (const label of ['', 'nonsense', '- - -/-']) {
  test(`a mark ${JSON.stringify(label)} – says nothing, so nothing is removed`, () =>
    assert.equal(hasEnded(label), false));
}
