import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeFolder } from '../kit/config-input.ts';
import { makeMachine } from '../kit/make-machine.ts';
import { runUsher } from '../kit/run-usher.ts';

const bin = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));

const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['the beginning of a command', ['st'], ['status', 'stop', 'start']],
  ['a group of commands', ['config', ''], ['show', 'check', 'schema']],
  ['the beginning of a flag', ['run', '--oidc-au'], ['--oidc-audience']],
  ['a flag with choices', ['run', '--log-level', ''], ['debug', 'info', 'warn', 'error', 'silent']],
  ['a flag with a value of its own', ['run', '--port', ''], []],
  ['words of another command', ['run', '--', 'no'], []],
  ['a shell', ['completion', ''], ['bash', 'zsh', 'fish']],
];

for (const [what, words, expected] of cases) {
  test(`completion – ${what} – ${expected.length === 0 ? 'nothing' : expected.join(', ')}`, async (context) => {
    const { stdout, code } = await runUsher(context, ['completion', 'words', '--', ...words]);
    assert.equal(code, 0);
    const found = stdout.split('\n').filter((line) => line !== '');
    assert.deepEqual(
      found.map((line) => line.split('\t')[0]),
      expected,
    );
  });
}

test('completion – names of servers – are those of this user', async (context) => {
  const machine = makeMachine(context);
  for (const name of ['apollo', 'atlas', 'other']) {
    mkdirSync(machine.file(name, ''), { recursive: true, mode: 0o700 });
  }
  const { stdout } = await machine.usher(['completion', 'words', '--', 'stop', 'other', 'a']);
  assert.equal(stdout, 'apollo\tserver\natlas\tserver\n');
});

test('completion – a shell nobody knows – refused with those there are', async (context) => {
  const { code, stderr } = await runUsher(context, ['completion', 'tcsh']);
  assert.equal(code, 2);
  assert.match(stderr, /SHELL: is "tcsh", expected one of bash, zsh, fish/);
});

/** A person at a terminal, for a shell that completes nowhere else. */
const atTerminal = `zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1=; autoload -Uz compinit; compinit -D; source <(usher completion zsh); echo RE''ADY'
zpty -r -m shell line '*READY*'
zpty -w -n shell $'usher run --oidc-aud\t'
zpty -r -m shell line '*--oidc-audience*' && print -r -- "--oidc-audience"
zpty -d shell`;

for (const [shell, complete] of [
  ['bash', 'COMP_WORDS=(usher run --oidc-a); COMP_CWORD=2; _usher; printf "%s\\n" "${COMPREPLY[@]}"'],
  ['fish', 'complete -C "usher run --oidc-a"'],
  ['zsh', atTerminal],
] as const) {
  const isHere = spawnSync(shell, ['-c', 'true']).status === 0;
  const skip = isHere ? false : `no ${shell}`;
  test(
    `completion in ${shell} – the beginning of a flag – completed by the shell itself`,
    { skip },
    async (context) => {
      const folder = makeFolder(context);
      writeFileSync(join(folder, 'usher'), `#!/bin/sh\nexec ${process.execPath} ${bin} "$@"\n`);
      chmodSync(join(folder, 'usher'), 0o755);
      const { stdout: script } = await runUsher(context, ['completion', shell]);
      const env = { HOME: folder, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
      const commands = shell === 'zsh' ? complete : `${script}\n${complete}`;
      const { stdout, stderr } = spawnSync(shell, ['-c', commands], { env, encoding: 'utf8', timeout: 30_000 });
      assert.match(stdout, /^--oidc-audience\b/m, stderr);
    },
  );
}
