import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultSeed } from './default-seed.ts';
import { parseSeed } from './parse-seed.ts';
import { readSeed } from './read-seed.ts';

/** What a seed is refused with, line by line. */
function problemsOf(text: string): readonly string[] {
  try {
    parseSeed(text, 'seed.yaml');
  } catch (error) {
    return error instanceof Error
      ? error.message
          .split('\n')
          .slice(1)
          .map((line) => line.trim())
      : [];
  }
  return [];
}

test('seed – built in – is the countries scenario', () => {
  const seed = parseSeed(defaultSeed, 'default seed');
  assert.deepEqual(
    seed.servers.map(({ id, scheme, audience, trusts }) => ({ id, scheme, audience, trusts })),
    [
      { id: 'mcpserver', scheme: 'http', audience: 'mcpserver', trusts: [] },
      { id: 'backend', scheme: 'https', audience: 'backend', trusts: ['mcpserver'] },
    ],
  );
  assert.deepEqual(seed.apps.find(({ clientId }) => clientId === 'vscode')?.redirectUris, [
    'http://127.0.0.1:33418',
    'http://127.0.0.1:33418/',
    'https://vscode.dev/redirect',
    'http://localhost:8666/callback',
  ]);
});

for (const text of [
  'a: [*b]\n',
  'a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c, *c, *c, *c, *c, *c, *c, *c]\n',
]) {
  test(`seed – aliases that cannot be followed (${text.length} characters) – refused with a place`, () => {
    assert.match(problemsOf(text).join(''), /^seed\.yaml:1:1 ./);
  });
}

test('seed – wrong values, unknown and missing keys – all at once with line and column', () => {
  const text = `org: X
servers:
  - id: a b
    scheme: ftp
    nme: q
    audience: 3
users: 7
`;
  assert.deepEqual(problemsOf(text), [
    'seed.yaml:3:5 servers.0.name: Invalid input: expected string, received undefined',
    'seed.yaml:3:9 servers.0.id: is not a plain identifier of letters, digits, "-" and "_"',
    'seed.yaml:4:13 servers.0.scheme: Invalid option: expected one of "http"|"https"',
    'seed.yaml:5:10 servers.0.nme: unknown key "nme"',
    'seed.yaml:6:15 servers.0.audience: Invalid input: expected string, received number',
    'seed.yaml:7:8 users: Invalid input: expected array, received number',
  ]);
});

test('seed – names that lead nowhere – all at once with line and column', () => {
  const text = `org: X
servers:
  - id: a
    name: A
    scheme: http
    audience: a
    trusts: [b]
    scopes: [{ name: openid }, { name: x }, { name: x }]
    policies:
      - name: P
        clients: [nobody]
        rules:
          - { name: R, grantTypes: [authorization_code], scopes: [y], people: { users: [eve], groups: [G] } }
  - { id: a, name: A, scheme: http, audience: a }
`;
  assert.deepEqual(problemsOf(text), [
    'seed.yaml:7:14 servers.0.trusts.0: there is no server "b"',
    'seed.yaml:8:22 servers.0.scopes.0.name: "openid" is built in, leave it out',
    'seed.yaml:8:53 servers.0.scopes.2.name: "x" is used twice',
    'seed.yaml:11:19 servers.0.policies.0.clients.0: there is no app with clientId "nobody"',
    'seed.yaml:13:67 servers.0.policies.0.rules.0.scopes.0: server "a" has no scope "y"',
    'seed.yaml:13:89 servers.0.policies.0.rules.0.people.users.0: there is no user "eve"',
    'seed.yaml:13:104 servers.0.policies.0.rules.0.people.groups.0: no user is in a group "G"',
    'seed.yaml:14:11 servers.1.id: "a" is used twice',
  ]);
});

test('seed – apps that could never work – are refused', () => {
  const server = 'org: X\nservers: [{ id: a, name: A, scheme: http, audience: a }]\napps:\n';
  const cases = [
    [
      '{ clientId: c, label: C, type: web, grantTypes: [authorization_code] }',
      /redirectUris: authorization_code needs/,
    ],
    [
      '{ clientId: c, label: C, type: service, grantTypes: [client_credentials] }',
      /clientSecret: client_credentials and/,
    ],
    [
      '{ clientId: c, clientSecret: 12345678-s, label: C, type: service, grantTypes: [authorization_code], redirectUris: ["http://127.0.0.1/"] }',
      /a service app has no user/,
    ],
    [
      '{ clientId: c, clientSecret: 12345678-s, label: C, type: browser, grantTypes: [authorization_code], redirectUris: ["http://127.0.0.1/"] }',
      /a browser app cannot keep a secret/,
    ],
    [
      '{ clientId: c, label: C, type: web, grantTypes: [authorization_code], redirectUris: ["app://a/"] }',
      /native apps only/,
    ],
    [
      '{ clientId: c, label: C, type: web, grantTypes: [authorization_code], redirectUris: ["http://app.example/"] }',
      /redirectUris\.0: is "http:\/\/app\.example\/", expected https, or http on a loopback host/,
    ],
  ] as const;
  for (const [app, expected] of cases) assert.match(problemsOf(`${server}  - ${app}\n`).join('\n'), expected);
});

test('seed – broken YAML – is refused with its place', () => {
  assert.match(problemsOf('org: [\n')[0] ?? '', /^seed\.yaml:2:1 /);
});

test('seed – secret of the wrong form – is not quoted', () => {
  const app = '{ clientId: c, clientSecret: "my secret", label: C, type: service, grantTypes: [client_credentials] }';
  const problems = problemsOf(`org: X\nservers: [{ id: a, name: A, scheme: http, audience: a }]\napps:\n  - ${app}\n`);
  assert.equal(problems.length, 1);
  assert.ok(!problems.join('').includes('my secret'));
});

test('seed – file that is not there – is named', async () => {
  await assert.rejects(readSeed('/nonexistent/seed.yaml'), {
    message: /^Cannot read the seed file \/nonexistent\/seed\.yaml: /,
  });
});
