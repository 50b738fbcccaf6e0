import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readConfig } from './read-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'countries-config-'));
after(() => rmSync(folder, { recursive: true }));

const minimal = `endpoint: http://127.0.0.1:4000/
transport:
  type: streamable_http
schema: { source: local, path: schema.graphql }
operations: { source: local, paths: [operations] }
`;

/** Reads a configuration; `problem` is what it says with the file's path as FILE. */
function read(yaml: string, environment: Record<string, string> = {}) {
  const file = join(folder, 'config.yaml');
  writeFileSync(file, yaml);
  try {
    return { config: readConfig(file, environment), problem: '' };
  } catch (error) {
    return { config: undefined, problem: (error as Error).message.replaceAll(file, 'FILE') };
  }
}

test('readConfig – the example file – is accepted with its defaults', () => {
  const file = fileURLToPath(new URL('../apollo-mcp-config.yaml', import.meta.url));
  const config = readConfig(file, {});
  assert.equal(config.transport.port, 8000);
  assert.deepEqual(config.transport.auth?.audiences, ['backend']);
  assert.equal(config.transport.auth?.tls.ca_cert, null);
  assert.equal(config.endpoint, 'http://127.0.0.1:4000/');
});

test('readConfig – ${env.NAME:-default} – is a number where a number is wanted', () => {
  const { config } = read(minimal.replace('streamable_http', 'streamable_http\n  port: ${env.P:-1}'), { P: '8123' });
  assert.equal(config?.transport.port, 8123);
});

test('readConfig – APOLLO_MCP_TRANSPORT__PORT – goes over the file', () => {
  const yaml = minimal.replace('streamable_http', 'streamable_http\n  port: 1');
  assert.equal(read(yaml, { APOLLO_MCP_TRANSPORT__PORT: '0' }).config?.transport.port, 0);
});

const problems: readonly { readonly what: string; readonly yaml: string; readonly says: RegExp }[] = [
  {
    what: 'unknown key',
    yaml: minimal.replace('streamable_http', 'streamable_http\n  prot: 8000'),
    says: /FILE:4:3 transport\.prot is not known here/,
  },
  {
    what: 'unknown key in a flow map',
    yaml: minimal.replace('path: schema', 'pth: schema'),
    says: /FILE:4:26 schema\.pth is not known here/,
  },
  { what: 'auth at the top', yaml: `${minimal}auth: {}\n`, says: /FILE:6:1 auth is not known here/ },
  {
    what: 'transport of old',
    yaml: minimal.replace('streamable_http', 'sse'),
    says: /FILE:3:3 transport\.type is "sse" wrong: expected "streamable_http"/,
  },
  { what: 'missing endpoint', yaml: minimal.replace(/^endpoint.*\n/, ''), says: /FILE:1:1 endpoint is missing/ },
  {
    what: 'endpoint that is no URL',
    yaml: minimal.replace('http://127.0.0.1:4000/', 'localhost:4000'),
    says: /FILE:1:1 endpoint is "localhost:4000" wrong: expected an http or https URL/,
  },
  { what: 'tab instead of spaces', yaml: minimal.replace('  type', '\ttype'), says: /FILE:3:\d+ .*tab/i },
  { what: 'empty file', yaml: '', says: /FILE:1:1 the file is null wrong/ },
  {
    what: 'variable that is not set',
    yaml: minimal.replace('http://127.0.0.1:4000/', '${env.NOT_SET}'),
    says: /FILE:1:11 the environment variable NOT_SET is not set/,
  },
  {
    what: 'sessions',
    yaml: minimal.replace('streamable_http', 'streamable_http\n  stateful_mode: true'),
    says: /FILE:4:3 transport\.stateful_mode is true wrong/,
  },
];
for (const { what, yaml, says } of problems) {
  test(`readConfig – ${what} – is refused with its name and place`, () => assert.match(read(yaml).problem, says));
}

test('readConfig – wrong value in a variable – is refused with the name of the variable', () => {
  const { problem } = read(minimal, { APOLLO_MCP_TRANSPORT__PORT: 'abc' });
  assert.match(problem, /APOLLO_MCP_TRANSPORT__PORT transport\.port is "abc" wrong: expected number/);
});

test('readConfig – variable for an unknown key – is refused with its name', () => {
  assert.match(
    read(minimal, { APOLLO_MCP_TRANSPORT__PROT: '1' }).problem,
    /APOLLO_MCP_TRANSPORT__PROT transport\.prot is not known/,
  );
});

test('readConfig – variable named after a property of every object – changes no object', () => {
  read(minimal, { APOLLO_MCP___PROTO____POLLUTED: '1', APOLLO_MCP_CONSTRUCTOR__POLLUTED: '1' });
  assert.equal('polluted' in {}, false);
});

test('readConfig – issuer over plain http elsewhere – is refused', () => {
  const auth = (issuer: string) =>
    minimal.replace(
      'streamable_http',
      `streamable_http\n  auth: { servers: ['${issuer}'], audiences: [a], scopes: [], resource: 'http://localhost/mcp' }`,
    );
  assert.match(read(auth('http://issuer.example')).problem, /transport\.auth\.servers\.0 .*expected an https URL/);
  assert.equal(read(auth('http://127.0.0.1:9400')).problem, '');
});

test('readConfig – issuer whose keys nobody publishes – is refused', () => {
  const auth = `{ servers: ['https://a.example'], issuers: ['https://b.example'], audiences: [a], scopes: [], resource: 'http://a.example' }`;
  const { problem } = read(minimal.replace('streamable_http', `streamable_http\n  auth: ${auth}`));
  assert.match(problem, /FILE:4:\d+ transport\.auth\.issuers is wrong: every issuer must stand under servers too/);
});

test('readConfig – several problems – says all of them', () => {
  const { problem } = read(`${minimal}nonsense: 1\n`.replace('streamable_http', 'stdio'));
  assert.match(problem, /transport\.type.*nonsense/);
});

test('readConfig – no file – says which', () => {
  assert.throws(() => readConfig(join(folder, 'none.yaml'), {}), /Cannot start the MCP server: .*none\.yaml/);
});
