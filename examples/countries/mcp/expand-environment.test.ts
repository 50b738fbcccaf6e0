import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coerceScalar, expandEnvironment } from './expand-environment.ts';

test('expandEnvironment – variable is set – takes it and not the default', () => {
  assert.deepEqual(expandEnvironment('http://${env.HOST:-localhost}/', { HOST: 'api' }), {
    text: 'http://api/',
    missing: [],
  });
});

test('expandEnvironment – variable is empty – takes the default', () => {
  assert.equal(expandEnvironment('${env.PORT:-8000}', { PORT: '' }).text, '8000');
});

test('expandEnvironment – default with colons and slashes – takes all of it', () => {
  assert.equal(expandEnvironment('${env.URL:-http://127.0.0.1:4000/}', {}).text, 'http://127.0.0.1:4000/');
});

test('expandEnvironment – no variable and no default – names it', () => {
  assert.deepEqual(expandEnvironment('${env.NOWHERE}', {}).missing, ['NOWHERE']);
});

test('expandEnvironment – other dollars – stay, and two become one', () => {
  assert.equal(expandEnvironment('${HOME} $5 $$6', { HOME: '/root' }).text, '${HOME} $5 $6');
});

test('coerceScalar – words of YAML – change their type, all else stays text', () => {
  const read = ['8000', 'true', 'null', 'key: value', '[a]', './schema.graphql', '{'].map(coerceScalar);
  assert.deepEqual(read, [8000, true, null, 'key: value', '[a]', './schema.graphql', '{']);
});
