import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  exchange,
  flag,
  jwt,
  loadOne,
  problems,
  problemsOf,
  secret,
  target,
  writeText,
} from '../../test/kit/config-input.ts';
import { formatSource } from './source.ts';

const obo = [flag('entra-obo-url', 'https://login.example/t'), flag('entra-obo-client-id', 'gateway')];
const header = [flag('static-header-name', 'X-Api-Key')];
const headerSecret = { USHER_STATIC_HEADER_VALUE: 'key-of-the-api' };

test('--credential – a name nobody has – is refused with those there are, once', () => {
  assert.deepEqual(problems([...jwt, target, flag('credential', 'static-headers'), ...header], headerSecret), [
    '--credential: is "static-headers", expected one of token-exchange, entra-obo, client-credentials, id-jag, chain, static-header, none; did you mean static-header?',
  ]);
});

test('--credential – beside the flags of another strategy – is one problem, however many they are', () => {
  assert.deepEqual(problems([...jwt, target, flag('credential', 'static-header'), ...obo]), [
    '--entra-obo-url: belongs to the strategy entra-obo, but servers.mcp.credential is static-header because of --credential; give one of the two',
  ]);
});

test('flags of two strategies – neither of them whole – are one problem', () => {
  assert.deepEqual(problems([...jwt, target, ...exchange, ...obo]), [
    '--entra-obo-url: belongs to the strategy entra-obo, but servers.mcp.credential is token-exchange because of --token-exchange-url; give one of the two',
  ]);
});

test('--credential – over another strategy that the environment has settings of – is a contradiction', () => {
  assert.deepEqual(problems([...jwt, target, flag('credential', 'none')], secret), [
    '--credential: is none, but servers.mcp.credential is token-exchange because of USHER_TOKEN_EXCHANGE_CLIENT_SECRET; give one of the two',
  ]);
});

test('--credential – over another name in the environment, which has no settings – wins, and is said to have', () => {
  const flags = [flag('credential', 'static-header'), ...header, flag('static-header-value', 'key-of-the-api')];
  const environment = { USHER_CREDENTIAL: 'none' };
  const { config, settings } = loadOne({ flags: [...jwt, target, ...flags], environment });
  assert.equal(config.servers['mcp']?.credential.strategy, 'static-header');
  const chosen = settings.find(({ leaf }) => leaf.meta.flag === 'credential');
  assert.equal(chosen && formatSource(chosen.source), '--credential');
});

test('a credential that only its own flags name – has its strategy from the first of them', () => {
  const { settings } = loadOne({ flags: [...jwt, target, ...header], environment: headerSecret });
  const chosen = settings.find(({ leaf }) => leaf.meta.flag === 'credential');
  assert.ok(chosen);
  assert.deepEqual([chosen.value, formatSource(chosen.source)], ['static-header', 'USHER_STATIC_HEADER_VALUE']);
});

test('--credential – over a file that has another strategy – is a contradiction that names the place', (context) => {
  const file = writeText(
    context,
    'usher.yaml',
    'servers: { mcp: { credential: { strategy: static-header, header: X-Api-Key, valueEnv: KEY } } }',
  );
  const load = () => loadOne({ file, flags: [...jwt, target, flag('credential', 'none')], environment: { KEY: 'k' } });
  const [first = '', ...others] = problemsOf(load);
  assert.match(first, /^--credential: is none, but servers\.mcp\.credential is static-header at .*usher\.yaml:1:19; /);
  assert.deepEqual(others, []);
});

test('--credential chain – without its steps – says that they stand in a file', () => {
  assert.deepEqual(problems([...jwt, target, flag('credential', 'chain')]), [
    'servers.mcp.credential.steps: is missing; the steps of a chain stand in a file (-f usher.yaml), two to five of them',
  ]);
});

test('--credential – a strategy and nothing of it – names everything it has to have, in the group within it too', () => {
  const missing = problems([...jwt, target, flag('credential', 'id-jag')]).map((line) => line.split(':')[0]);
  assert.deepEqual(missing, [
    '--id-jag-url',
    '--id-jag-client-id',
    '--id-jag-audience',
    '--id-jag-target-url',
    '--id-jag-target-client-id',
    '--id-jag-client-secret',
  ]);
});

test('how to prove a key that is not asked for – names the flag of its own strategy', () => {
  const found = problems([...jwt, target, flag('client-credentials-dpop-url', 'https://api.example.com')]);
  assert.match(found.join('\n'), /--client-credentials-dpop-url: .* set --client-credentials-dpop \(dpop: true\)/);
});
