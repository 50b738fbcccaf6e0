import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileProblems, flag, jwt, problems, target } from '../../test/kit/config-input.ts';

const stdio = flag('transport', 'stdio');

test('stdio with a URL – needs a command', () => {
  assert.deepEqual(problems([...jwt, target, stdio]), [
    '--transport: is stdio, which needs a server that is run here: give a command after --, or an image, instead of a URL',
  ]);
});

const cases: readonly (readonly [what: string, credential: string, upstream: string, problem: RegExp | undefined])[] = [
  ['stdio and nothing else', '', '{ strategy: process, command: [a], transport: stdio }', undefined],
  [
    'a command without a port',
    '',
    '{ strategy: process, command: [a] }',
    /targetPort: is missing: give the port .* or --transport stdio/,
  ],
  [
    'stdio with a port',
    '',
    '{ strategy: process, command: [a], transport: stdio, targetPort: 1 }',
    /targetPort: is for a server that listens/,
  ],
  [
    'stdio with a restart',
    '',
    '{ strategy: process, command: [a], transport: stdio, restart: never }',
    /restart: is for a server that listens/,
  ],
  ['stdio and an image', '', '{ strategy: container, image: acme/server:1, transport: stdio }', undefined],
  [
    'stdio and an image whose port is published',
    '',
    '{ strategy: container, image: acme/server:1, transport: stdio, publish: ["9090:9090"] }',
    /publish: is for a server that listens; .* a port can be published once/,
  ],
  [
    'stdio and an image with a place for a token that nobody gets',
    '',
    '{ strategy: container, image: acme/server:1, transport: stdio, userTokenFile: T }',
    /userTokenFile: is given, but there is no token of a user/,
  ],
  [
    'stdio with an exchange that reaches nobody',
    'exchange',
    '{ strategy: process, command: [a], transport: stdio }',
    /transport: is stdio, which has no headers: .*--user-token-env/,
  ],
  [
    'stdio with an exchange and where it goes',
    'exchange',
    '{ strategy: process, command: [a], transport: stdio, userTokenEnv: T }',
    undefined,
  ],
  [
    'a place for a token that nobody gets',
    '',
    '{ strategy: process, command: [a], transport: stdio, userTokenFile: T }',
    /userTokenFile: is given, but there is no token of a user/,
  ],
  [
    'one variable for two',
    'exchange',
    '{ strategy: process, command: [a], transport: stdio, userTokenEnv: T, userTokenFile: T }',
    /userTokenFile: is "T", as the variable for the token itself/,
  ],
  [
    'a token that is bound to a key',
    'bound',
    '{ strategy: process, command: [a], transport: stdio, userTokenEnv: T }',
    /userTokenEnv: .*bound to a key/,
  ],
  ['a place for a token over HTTP', 'exchange', '{ url: "http://127.0.0.1:1/", userTokenEnv: T }', /userTokenEnv/],
  [
    'limits of sessions over HTTP',
    '',
    '{ url: "http://127.0.0.1:1/", maxSessions: 4 }',
    /maxSessions: is for servers to whom each session/,
  ],
  ['limits of sessions with sse', '', '{ url: "http://127.0.0.1:1/", transport: sse, maxSessions: 4 }', undefined],
  [
    'sse with proofs',
    'bound',
    '{ url: "http://127.0.0.1:1/", transport: sse }',
    /transport: is sse, .*proofs of possession/,
  ],
  [
    'sse of a command without its path',
    '',
    '{ strategy: process, command: [a], targetPort: 1, transport: sse }',
    /targetPath: is missing: .*\/sse/,
  ],
];

const client = 'url: https://i.example.com/t, clientId: a, clientSecretFile: SECRET, audience: b';
const credentials: Readonly<Record<string, string>> = {
  '': '',
  exchange: `credential: { strategy: token-exchange, ${client} }`,
  bound: `credential: { strategy: token-exchange, ${client}, dpop: true }`,
};

for (const [what, credential, upstream, problem] of cases) {
  test(`configuration – ${what} – ${problem === undefined ? 'taken' : 'refused'}`, (context) => {
    const file = `servers:
  a:
    authenticate: [{ issuer: https://i.example.com, audience: mcpserver }]
    upstream: ${upstream}
    ${(credentials[credential] ?? '').replace('clientSecretFile: SECRET', 'clientSecretEnv: SECRET')}
`;
    const found = fileProblems(context, file, { SECRET: 'shh' });
    if (problem === undefined) assert.deepEqual(found, []);
    else assert.match(found.join('\n'), problem);
  });
}
