import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { stringify } from 'yaml';
import { fileProblems, writeText } from '../../test/kit/config-input.ts';
import { loadConfig } from './load.ts';
import { showConfig } from './show.ts';

const upstream = { url: 'http://127.0.0.1:1' };
const exchange = (name: string) => ({
  url: `https://${name}.example.com/token`,
  clientId: 'gateway',
  clientSecretEnv: `SECRET_${name.toUpperCase()}`,
  audience: 'backend',
});
const environment = { SECRET_A: 'secret-of-a', SECRET_B: 'secret-of-b' };
const issuer = (name: string, more: object = {}) => ({
  issuer: `https://${name}.example.com`,
  audience: 'mcp',
  ...more,
});
const opaque = (name: string, more: object = {}) => ({
  ...issuer(name),
  strategy: 'introspection',
  url: `https://${name}.example.com/introspect`,
  clientId: 'gateway',
  clientSecretEnv: 'SECRET_A',
  ...more,
});
const problemsOf = (context: TestContext, server: object) =>
  fileProblems(context, stringify({ servers: { a: { upstream, ...server } } }), environment).join('\n');

test('issuers with a credential each – secrets read, strategy named, audience a list', (context) => {
  const authenticate = [issuer('a', { credential: exchange('a') }), issuer('b', { credential: exchange('b') })];
  const file = writeText(context, 'usher.yaml', stringify({ servers: { a: { upstream, authenticate } } }));
  const loaded = loadConfig({ file, flags: [], environment });
  const credentials = loaded.config.servers['a']?.authenticate.map((one) => 'credential' in one && one.credential);
  const secrets = credentials?.map(
    (one) => one && one.strategy === 'token-exchange' && [one.clientSecret?.reveal(), ...one.audience],
  );
  assert.deepEqual(secrets, [
    ['secret-of-a', 'backend'],
    ['secret-of-b', 'backend'],
  ]);
  assert.doesNotMatch(showConfig(loaded), /secret-of/);
});

test('one issuer with a credential, the other without – refused: half a configuration', (context) => {
  const found = problemsOf(context, { authenticate: [issuer('a', { credential: exchange('a') }), issuer('b')] });
  assert.match(found, /authenticate\[1\]\.credential: is missing, while another issuer has one of its own/);
});

test('the same with one for all the others – can be used', (context) => {
  const authenticate = [issuer('a', { credential: exchange('a') }), issuer('b')];
  assert.equal(problemsOf(context, { authenticate, credential: exchange('b') }), '');
});

test('a credential for all, and each issuer has its own – refused: it is for nobody', (context) => {
  const authenticate = [issuer('a', { credential: exchange('a') })];
  assert.match(problemsOf(context, { authenticate, credential: exchange('b') }), /\.credential: is for nobody/);
});

test('an exchange of an issuer – without audience, or over plain http – refused like the server’s own', (context) => {
  const { audience: _, ...without } = exchange('a');
  const found = problemsOf(context, {
    authenticate: [issuer('a', { credential: { ...without, url: 'http://idp.corp/token' } })],
  });
  assert.match(found, /authenticate\[0\]\.credential\.audience: is missing, and so is resource/);
  assert.match(found, /authenticate\[0\]\.credential\.url: is "http:\/\/idp\.corp\/token": plain http/);
});

test('an introspection endpoint over plain http – refused', (context) => {
  const found = problemsOf(context, { authenticate: [opaque('a', { url: 'http://idp.corp/introspect' })] });
  assert.match(found, /authenticate\[0\]\.url: is "http:\/\/idp\.corp\/introspect": plain http/);
});

test('everybody beside an issuer that is asked – refused', (context) => {
  const found = problemsOf(context, { authenticate: [opaque('a'), { strategy: 'anonymous' }] });
  assert.match(found, /lets everybody call, while an issuer is given as well/);
});

test('two issuers that are asked – refused unless their tokens begin differently', (context) => {
  const both = (a: object, b: object) => problemsOf(context, { authenticate: [opaque('a', a), opaque('b', b)] });
  assert.match(both({}, {}), /authenticate\[1\]\.tokenPrefix: is "", and that of an entry before it ""/);
  assert.match(both({ tokenPrefix: 'a' }, {}), /tokenPrefix: is "", and that of an entry before it "a"/);
  assert.match(both({ tokenPrefix: 'a_' }, { tokenPrefix: 'a_b' }), /tokenPrefix: is "a_b", .*"a_"/);
  assert.equal(both({ tokenPrefix: 'a_' }, { tokenPrefix: 'b_' }), '');
});
