import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { helpLayout, helpWidth, layOutExample } from './lay-out-help.ts';

function helpOf(columns: number): string {
  const command = new Command('usher')
    .configureHelp(helpLayout)
    .configureOutput({ getOutHelpWidth: () => columns })
    .option('--short <A>', 'one two three four five six seven eight nine ten')
    .option('--a-flag-that-is-as-long-as-flags-get <VALUE>', 'its explanation');
  return command.helpInformation();
}

test('help – a flag longer than its column – stands above its explanation, which is in line with the others', () => {
  const lines = helpOf(80).split('\n');
  const at = lines.findIndex((line) => line.includes('--a-flag'));
  assert.equal(lines[at]?.trim(), '--a-flag-that-is-as-long-as-flags-get <VALUE>');
  assert.equal(
    lines[at + 1]?.indexOf('its explanation'),
    lines.find((line) => line.includes('one two'))?.indexOf('one two'),
  );
});

test('help – a narrow terminal – no line is longer', () => {
  for (const columns of [80, 60]) {
    assert.deepEqual(
      helpOf(columns)
        .split('\n')
        .filter((line) => line.length > columns),
      [],
    );
  }
});

test('help – no terminal, a very wide one – 80 and 120 columns', () => {
  assert.deepEqual([helpWidth(undefined), helpWidth(400), helpWidth(100)], [80, 120, 100]);
});

test('an example – too long for a line – goes on before a flag', () => {
  const flags = ['--oidc-issuer https://example.okta.com/oauth2/aus1', '--oidc-audience mcpserver', '--port 8000'];
  assert.equal(
    layOutExample(`# Why\nusher run ${flags.join(' ')}`),
    `  # Why\n  usher run ${flags[0]} \\\n    ${flags[1]} ${flags[2]}`,
  );
});
