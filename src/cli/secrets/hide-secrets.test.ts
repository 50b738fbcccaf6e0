import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hideSecrets } from './hide-secrets.ts';

describe('a secret on the command line', () => {
  const rows = [
    [
      ['run', '--token-exchange-client-secret', 'shh', 'http://x/mcp'],
      ['run', 'http://x/mcp'],
    ],
    [
      ['run', 'http://x/mcp', '--token-exchange-client-secret=shh'],
      ['run', 'http://x/mcp'],
    ],
    [
      ['run', '--token-exchange-client-secret', 'shh', '--', 'node', '--token-exchange-client-secret', 'theirs'],
      ['run', '--', 'node', '--token-exchange-client-secret', 'theirs'],
    ],
  ] as const;
  for (const [given, wanted] of rows) {
    test(`${given.join(' ')} – goes into the environment`, () => {
      const hidden = hideSecrets(given, { PATH: '/bin' });
      assert.deepEqual(hidden?.args, wanted);
      assert.deepEqual(hidden?.environment, {
        PATH: '/bin',
        USHER_TOKEN_EXCHANGE_CLIENT_SECRET: 'shh',
        USHER_FROM_ARGUMENTS: 'USHER_TOKEN_EXCHANGE_CLIENT_SECRET',
      });
      assert.deepEqual(hidden?.labels, ['--token-exchange-client-secret']);
    });
  }
  test('beside variables that mean the same – wins over all of them, as a flag does', () => {
    const environment = {
      USHER_TOKEN_EXCHANGE_CLIENT_SECRET_FILE: '/secret',
      TOOLHIVE_TOKEN_EXCHANGE_CLIENT_SECRET: 'old',
    };
    const hidden = hideSecrets(['proxy', 'x', '--token-exchange-client-secret', 'shh'], environment);
    assert.deepEqual(hidden?.environment, {
      USHER_TOKEN_EXCHANGE_CLIENT_SECRET: 'shh',
      USHER_FROM_ARGUMENTS: 'USHER_TOKEN_EXCHANGE_CLIENT_SECRET',
    });
  });
  test('of usher secret set – goes into the environment', () => {
    const hidden = hideSecrets(['secret', 'set', 'okta', 'shh'], {});
    assert.deepEqual(
      [hidden?.args, hidden?.environment],
      [['secret', 'set', 'okta'], { USHER_SECRET_VALUE: 'shh', USHER_FROM_ARGUMENTS: 'USHER_SECRET_VALUE' }],
    );
  });
});

describe('a command line without one', () => {
  const rows: readonly (readonly string[])[] = [
    ['run', 'http://x/mcp'],
    ['run', '--token-exchange-client-secret-file', 'secret.txt'],
    ['run', '--token-exchange-client-secret-ref', 'okta'],
    // Mistakes, which are reported.
    ['run', '--token-exchange-client-secret', '--port', '1'],
    ['run', '--token-exchange-client-secret', 'a', '--token-exchange-client-secret', 'b'],
    ['serve', '--token-exchange-client-secret', 'a'],
    ['secret', 'set', 'okta'],
    ['secret', 'get', 'okta', 'more'],
    ['config', 'show', '--token-exchange-client-secret', 'a'],
    [],
  ];
  for (const args of rows) {
    test(`usher ${args.join(' ')} – is left as it is`, () => assert.equal(hideSecrets(args, {}), undefined));
  }
});
