import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { loadOne, problemsOf, writeText } from '../../test/kit/config-input.ts';
import type { Config } from './schema.ts';

const file = `
listen: { port: 8123, trustedProxies: [10.0.0.0/8] }
log: { level: debug }
servers:
  apollo:
    authenticate:
      - { issuer: https://issuer.example.com, audience: mcpserver, jwksUrl: https://issuer.example.com/keys }
    policy: { required: [mcp:tools:call], rules: [{ tools: GetCountry }] }
    credential:
      strategy: token-exchange
      url: https://issuer.example.com/token
      clientId: gateway
      clientSecretFile: gone.txt
      audience: backend
      scopes: [backend-api:read]
    oauth: { clientId: 0oa1vscode, callbackPort: 33418 }
    upstream:
      strategy: process
      command: [node, server.js]
      targetPort: 8001
      env: { DEBUG: '1', MODE: fast }
`;
const secretless = file.replace('clientSecretFile: gone.txt', 'clientSecret: shh');

function load(context: TestContext, unset: readonly string[], text = secretless): Config {
  return loadOne({ file: writeText(context, 'usher.yaml', text), oneServer: { name: 'apollo', spelling }, unset })
    .config;
}
const spelling = { upstream: 'URL', upstreamAdvice: 'give a URL' };

function refusalOf(context: TestContext, unset: readonly string[], text = secretless): readonly string[] {
  const path = writeText(context, 'usher.yaml', text);
  return problemsOf(() => loadOne({ file: path, oneServer: { name: 'apollo', spelling }, unset }));
}

describe('a setting that is taken back', () => {
  const rows: readonly (readonly [unset: string, read: (config: Config) => unknown, wanted: unknown])[] = [
    ['oidc-scopes', ({ servers }) => servers['apollo']?.policy.required, []],
    ['--oidc-scopes', ({ servers }) => servers['apollo']?.policy.required, []],
    ['proxy-port', ({ listen }) => listen.port, 8000],
    ['log-level', ({ log }) => log.level, 'info'],
    ['listen.trustedProxies', ({ listen }) => listen.trustedProxies, []],
    ['listen', ({ listen }) => listen.port, 8000],
    ['policy.rules', ({ servers }) => servers['apollo']?.policy.rules, []],
    ['servers.apollo.policy.rules', ({ servers }) => servers['apollo']?.policy.rules, []],
    ['policy', ({ servers }) => servers['apollo']?.policy.required, []],
    ['credential', ({ servers }) => servers['apollo']?.credential.strategy, 'none'],
    ['oauth-callback-port', ({ servers }) => servers['apollo']?.oauth, { clientId: '0oa1vscode' }],
    ['oauth-client-id', ({ servers }) => servers['apollo']?.oauth, undefined],
    ['env', readEnv, {}],
    ['env.DEBUG', readEnv, { MODE: 'fast' }],
  ];
  for (const [unset, read, wanted] of rows) {
    test(`${unset} – is what it is by default`, (context) => {
      assert.deepEqual(read(load(context, [unset])), wanted);
    });
  }
  test('all entries of a list of variables, one by one – leaves none', (context) => {
    assert.deepEqual(readEnv(load(context, ['env.DEBUG', 'env.MODE'])), {});
  });
  test('a secret whose file is gone – is not looked for any more', (context) => {
    assert.match(refusalOf(context, [], file).join('\n'), /gone\.txt|clientSecretFile/);
    const problems = refusalOf(context, ['token-exchange-client-secret'], file);
    assert.match(problems.join('\n'), /token-exchange-client-secret: is missing|clientSecret: is missing/);
    assert.doesNotMatch(problems.join('\n'), /cannot be read|no such file/);
  });
});

function readEnv({ servers }: Config): unknown {
  const upstream = servers['apollo']?.upstream;
  return upstream?.strategy === 'process' ? upstream.env : undefined;
}

describe('a setting that cannot be taken back', () => {
  const rows: readonly (readonly [unset: string, wanted: RegExp])[] = [
    ['oidc-scope', /--unset: names "oidc-scope", which is no setting; did you mean oidc-scopes\?/],
    ['body-limit', /--unset: names body-limit, which is not set/],
    ['env.OTHER', /--unset: names env\.OTHER, and env has no OTHER/],
    ['policy.tools', /--unset: names policy\.tools, which is not set/],
    ['constructor', /--unset: names "constructor", which is no setting/],
    ['servers', /--unset: names "servers", which is no setting/],
    ['oidc-issuer', /(issuer|--oidc-issuer): is missing/],
    ['anonymous', /--unset: names anonymous, which is not set/],
  ];
  for (const [unset, wanted] of rows) {
    test(`${unset} – is refused with a sentence`, (context) => {
      assert.match(refusalOf(context, [unset]).join('\n'), wanted);
    });
  }
  test('the only way to call – leaves nobody, which is refused', (context) => {
    const open = secretless
      .replace(/ {4}authenticate:\n.*\n/, '    authenticate: [{ strategy: anonymous }]\n')
      .replace(/ {4}credential:\n(?: {6}.*\n)+/, '');
    assert.match(refusalOf(context, ['anonymous'], open).join('\n'), /nothing says who may call|is missing/);
  });
});
