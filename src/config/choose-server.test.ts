import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { loadOne, writeText } from '../../test/kit/config-input.ts';

const spelling = { upstream: 'URL', upstreamAdvice: '' };
const server = { authenticate: [{ strategy: 'anonymous' }], upstream: { url: 'http://127.0.0.1:1' } };
const servers = stringify({ servers: { a: server, b: server } });

test('loadConfig – a file with several servers and a name – takes that one alone', (context) => {
  const file = writeText(context, 'usher.yaml', servers);
  const { config } = loadOne({ file, oneServer: { name: 'b', spelling } });
  assert.deepEqual(Object.keys(config.servers), ['b']);
});

test('loadConfig – a name the file does not have – is the only problem, with the names it has', (context) => {
  const file = writeText(context, 'usher.yaml', servers);
  assert.throws(
    () => loadOne({ file, oneServer: { name: 'c', spelling } }),
    /one problem\n.*: has no server "c"; it has "a", "b"$/,
  );
});

test('loadConfig – a file with one server, run by what has another usual name – keeps the name of the file', (context) => {
  const file = writeText(context, 'usher.yaml', stringify({ servers: { a: server } }));
  const { config } = loadOne({ file, oneServer: { usualName: 'everything', spelling } });
  assert.deepEqual(Object.keys(config.servers), ['a']);
});
