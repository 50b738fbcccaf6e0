import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { exchange, flag, jwt, loadOne, secret, target } from '../../test/kit/config-input.ts';

const warningsOf = (...more: Parameters<typeof loadOne>[0]['flags'] & object) =>
  loadOne({ flags: [target, ...jwt, ...exchange, ...more], environment: secret }).warnings;

describe('an address others reach', () => {
  test('without TLS – is warned of, with what to do', () => {
    const [warning = ''] = warningsOf(flag('host', '0.0.0.0'));
    assert.match(warning, /^--host 0\.0\.0\.0 lets others on the network call without TLS/);
    assert.match(warning, /--tls-cert and --tls-key.*--resource-url.*--trusted-proxies/);
  });
  test('where nobody shows a token – nothing to say', () => {
    const flags = [target, flag('anonymous', 'true'), flag('host', '0.0.0.0')];
    assert.deepEqual(loadOne({ flags }).warnings, []);
  });
  const rows: readonly (readonly [string, ReturnType<typeof flag>[]])[] = [
    ['this machine alone', []],
    ['TLS ends in front, by the URL clients know', [flag('resource-url', 'https://mcp.example.com/mcp')]],
    ['TLS ends in front, by its address', [flag('trusted-proxies', '10.0.0.0/8')]],
  ];
  for (const [name, more] of rows) {
    test(`${name} – nothing to say`, () => {
      const host = more.length === 0 ? [] : [flag('host', '0.0.0.0')];
      assert.deepEqual(warningsOf(...host, ...more), []);
    });
  }
});
