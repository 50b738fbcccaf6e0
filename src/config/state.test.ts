import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { stringify } from 'yaml';
import { fileProblems } from '../../test/kit/config-input.ts';
import { Secret } from '../model/secret.ts';
import { findFixedChanges } from './find-fixed-changes.ts';
import { configSchema } from './schema.ts';

const servers = { a: { authenticate: [{ strategy: 'anonymous' }], upstream: { url: 'http://127.0.0.1:1' } } };
const problemsOf = (context: TestContext, state: object, key = 'k'.repeat(32)) =>
  fileProblems(context, stringify({ state: { keyEnv: 'STATE_KEY', ...state }, servers }), { STATE_KEY: key }).join(
    '\n',
  );

test('shared state on this machine, or over TLS – can be used', (context) => {
  for (const url of ['redis://127.0.0.1:6379/1', 'redis://localhost', 'rediss://redis.example.com', 'redis://[::1]:1'])
    assert.equal(problemsOf(context, { url }), '', url);
});

test('shared state elsewhere without TLS – refused, unless it is said', (context) => {
  assert.match(
    problemsOf(context, { url: 'redis://redis.corp:6379' }),
    /state\.url: .*without TLS on this machine only/,
  );
  assert.equal(problemsOf(context, { url: 'redis://redis.corp:6379', insecureAllowPlain: true }), '');
});

test('shared state with a password in the URL, or another kind of URL – refused', (context) => {
  for (const url of ['rediss://user:open-sesame@redis.corp', 'https://redis.corp', 'redis.corp:6379'])
    assert.match(problemsOf(context, { url }), /state\.url: is .*expected redis:\/\/HOST:PORT/, url);
});

test('a key of a few characters, or none – refused, and not quoted', (context) => {
  const found = problemsOf(context, { url: 'redis://127.0.0.1' }, 'too-short');
  assert.match(found, /state\.key: has 9 characters, expected at least 32/);
  assert.doesNotMatch(found, /too-short/);
  assert.match(
    fileProblems(context, stringify({ state: { url: 'redis://127.0.0.1' }, servers })).join(''),
    /state\.key: is missing/,
  );
});

test('another shared state in a reload – takes a restart; the same does not', () => {
  const config = (key: string) =>
    configSchema.parse({ state: { url: 'redis://127.0.0.1', key: new Secret(key) }, servers });
  assert.deepEqual(findFixedChanges(config('k'.repeat(32)), config('k'.repeat(32))), []);
  assert.deepEqual(findFixedChanges(config('k'.repeat(32)), config('l'.repeat(32))), ['state is another now']);
});
