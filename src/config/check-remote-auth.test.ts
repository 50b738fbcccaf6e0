import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { flag, jwt, loadOne, problems, target } from '../../test/kit/config-input.ts';

const login = [
  flag('remote-auth', 'true'),
  flag('remote-auth-issuer', 'https://issuer.example.com'),
  flag('remote-auth-client-id', 'c'),
];

describe('who may call, where the operator signs in', () => {
  test('nothing is said – who has the token Usher makes', () => {
    const { config } = loadOne({ flags: [target, ...login] });
    assert.deepEqual(config.servers['mcp']?.authenticate, [{ strategy: 'local-token' }]);
  });
  test('--remote-auth-open – everybody on this machine', () => {
    const { config } = loadOne({ flags: [target, ...login, flag('remote-auth-open', 'true')] });
    assert.deepEqual(config.servers['mcp']?.authenticate, [{ strategy: 'anonymous' }]);
  });
  test('nobody signs in – nobody may call who is not named', () => {
    assert.match(problems([target]).join('\n'), /nothing says who may call/);
  });
});

describe('what does not go with it', () => {
  const rows: readonly (readonly [string, Parameters<typeof problems>[0], RegExp])[] = [
    [
      'an address others reach',
      [flag('host', '0.0.0.0')],
      /^--host: is "0\.0\.0\.0", while calls go on as the person who signs in/,
    ],
    ['callers with tokens of their own', jwt, /would then act as the person who signs in/],
    ['--anonymous alone', [flag('anonymous', 'true')], /or say so with --remote-auth-open/],
    [
      'a credential that does not use it',
      [flag('static-header-name', 'X-Key'), flag('static-header-value', 'k')],
      /would not use the login/,
    ],
    ['a token that is there already', [flag('remote-auth-bearer-token', 't')], /so nobody signs in/],
    [
      'a redirect URI elsewhere',
      [flag('remote-auth-redirect-uri', 'http://evil.example/callback')],
      /expected an http URL of this machine/,
    ],
    ['scopes callers cannot have', [flag('oidc-scopes', 'mcp:tools:call')], /callers with the local token have none/],
    [
      'a parameter that has a setting',
      [flag('remote-auth-parameter', 'state=x')],
      /a parameter that has no setting of its own/,
    ],
  ];
  for (const [name, more, wanted] of rows) {
    test(`${name} – is refused in one sentence`, () => {
      const found = problems([target, ...login, ...more]);
      assert.equal(found.length, 1, found.join('\n'));
      assert.match(found[0] ?? '', wanted);
    });
  }
  test('a secret without a client – is refused', () => {
    const flags = [target, flag('remote-auth-client-secret', 's')];
    assert.match(problems(flags).join('\n'), /--remote-auth-client-secret: is given, but no client/);
  });
  for (const proof of ['remote-auth-client-secret', 'remote-auth-client-key']) {
    test(`${proof} without an issuer – is refused: the server behind would say whom it is sent to`, () => {
      const flags = [target, flag('remote-auth', 'true'), flag('remote-auth-client-id', 'c'), flag(proof, 's')];
      assert.match(problems(flags).join('\n'), /is given, but no issuer, so the server behind would say/);
    });
  }
  test('a secret and both endpoints – is taken without an issuer', () => {
    const endpoint = (name: string) => flag(`remote-auth-${name}-url`, `https://issuer.example.com/${name}`);
    const client = [flag('remote-auth-client-id', 'c'), flag('remote-auth-client-secret', 's')];
    const { config } = loadOne({ flags: [target, ...client, endpoint('authorize'), endpoint('token')] });
    assert.equal(config.servers['mcp']?.remoteAuth?.clientId, 'c');
  });
  test('one endpoint of two – is refused', () => {
    const flags = [target, flag('remote-auth-authorize-url', 'https://issuer.example.com/a')];
    assert.match(problems(flags).join('\n'), /--remote-auth-token-url: is missing/);
  });
  test('plain http elsewhere than on this machine – is refused', () => {
    const flags = [target, flag('remote-auth-issuer', 'http://issuer.example.com')];
    assert.match(problems(flags).join('\n'), /--remote-auth-issuer: .*plain http/);
  });
});
