import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { stringify } from 'yaml';
import {
  exchange,
  fileProblems,
  flag,
  jwt,
  loadOne,
  makeFolder,
  problems,
  secret,
  target,
  writeText,
} from '../../test/kit/config-input.ts';

// Secrets: never in a problem, a warning, or what is shown.

test('secret – in a file that everybody can read – is taken with a warning', (context) => {
  const file = writeText(context, 'secret', 'topsecret\n');
  chmodSync(file, 0o644);
  const { config, warnings } = loadOne({
    flags: [
      ...jwt,
      ...exchange,
      { ...flag('token-exchange-client-secret', file), twin: 'file', label: '--token-exchange-client-secret-file' },
      target,
    ],
  });
  const credential = config.servers['mcp']?.credential;
  assert.equal(credential?.strategy === 'token-exchange' && credential.clientSecret?.reveal(), 'topsecret');
  assert.match(warnings.join(''), /^--token-exchange-client-secret-file .*chmod 600/);
});

test('secret – on the command line – is taken with a warning that does not show it', () => {
  const { warnings } = loadOne({
    flags: [...jwt, ...exchange, flag('token-exchange-client-secret', 'topsecret'), target],
  });
  assert.match(warnings.join(''), /list of processes/);
  assert.doesNotMatch(warnings.join(''), /topsecret/);
});

test('secret – by the variable of people who move over – is taken', () => {
  assert.deepEqual(problems([...jwt, ...exchange, target], { TOOLHIVE_TOKEN_EXCHANGE_CLIENT_SECRET: 'topsecret' }), []);
});

test('secret – by two variables – is refused', () => {
  const environment = { ...secret, TOOLHIVE_TOKEN_EXCHANGE_CLIENT_SECRET: 'other' };
  assert.match(problems([...jwt, ...exchange, target], environment).join(''), /is set beside/);
});

for (const [name, text, pattern] of [
  ['empty', '', /is empty/],
  ['of several lines', 'hunter2\nhunter3\n', /several lines/],
] as const) {
  test(`secret – in a file that is ${name} – is refused without showing it`, (context) => {
    const folder = makeFolder(context);
    writeFileSync(`${folder}/secret`, text, { mode: 0o600 });
    const found = problems([
      ...jwt,
      ...exchange,
      { ...flag('token-exchange-client-secret', `${folder}/secret`), twin: 'file' },
      target,
    ]);
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found.join(''), pattern);
    assert.doesNotMatch(found.join(''), /hunter/);
  });
}

test('secret – put where a file or variable is named – is not shown', (context) => {
  const server = (forms: object) => ({
    servers: {
      a: {
        authenticate: [{ issuer: 'https://i.example.com', audience: 'a' }],
        credential: { url: 'https://i.example.com/t', clientId: 'g', audience: 'b', ...forms },
        upstream: { url: 'http://127.0.0.1:1' },
      },
    },
  });
  for (const forms of [
    { clientSecretFile: 'hunter2' },
    { clientSecretEnv: 'hunter2' },
    { clientSecret: 12_345_678 },
    { clientSecret: ['hunter2'] },
    { secret: 'hunter2' },
  ]) {
    const found = fileProblems(context, stringify(server(forms))).join('\n');
    assert.notEqual(found, '');
    assert.doesNotMatch(found, /hunter2|12345678/);
  }
});

test('secret – in two forms – is refused', (context) => {
  const text = stringify({
    servers: {
      a: {
        authenticate: [{ issuer: 'https://i.example.com', audience: 'a' }],
        credential: {
          url: 'https://i.example.com/t',
          clientId: 'g',
          audience: 'b',
          clientSecret: 'x',
          clientSecretEnv: 'Y',
        },
        upstream: { url: 'http://127.0.0.1:1' },
      },
    },
  });
  assert.match(fileProblems(context, text).join(''), /clientSecretEnv: is given beside clientSecret/);
});
