import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adviseEnd, describeEnd } from './describe-end.ts';

const killed = { ExitCode: 137, OOMKilled: false };

test('an exit code that stands for a signal – is named', () => {
  assert.equal(describeEnd(killed, [], {}), 'it exited with code 137 (SIGKILL); it said nothing');
});

test('SIGKILL where memory is limited – may be for that', () => {
  assert.match(describeEnd(killed, [], { memory: '64m' }), /\(SIGKILL, perhaps for more memory .*\(--memory 64m\)\)/);
});

test('last words – quoted, without what moves a cursor', () => {
  const text = describeEnd({ ExitCode: 1, OOMKilled: false }, ['a "b"', '\u001B[2Jc'], {});
  assert.equal(text, 'it exited with code 1; it said last: "a \\"b\\"", "c"');
});

const advice = [
  ['exec /usr/bin/node: exec format error', /The image is for arm64, the engine runs on amd64/],
  ["EROFS: read-only file system, open '/app/db'", /--writable-root/],
  ["EACCES: permission denied, open '/config.yaml'", /--user/],
  ['connect ECONNREFUSED 127.0.0.1:4000', /host\.docker\.internal/],
  ['no config', /docker run/],
] as const;

for (const [line, expected] of advice) {
  test(`a container whose last words are ${line} – the advice fits`, () =>
    assert.match(adviseEnd([line], { image: 'arm64', engine: 'amd64' }), expected));
}
