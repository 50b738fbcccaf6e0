import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringify } from 'yaml';
import {
  exchange,
  fileProblems,
  flag,
  jwt,
  loadOne,
  makeFolder,
  problems,
  problemsOf,
  secret,
  target,
  writeText,
} from '../../test/kit/config-input.ts';
import { loadConfig } from './load.ts';

test('configuration – wrong in many ways – reports all of them with line and column', (context) => {
  const found = fileProblems(
    context,
    `listen:
  prot: 8000
servers:
  apollo:
    authenticate:
      - issuer: http://idp.corp/oauth2/as1
        audiance: mcpserver
    credential:
      url: https://idp.example.com/token
      clientId: gw
      clientSecretEnv: NO_SUCH_VARIABLE
      audience: backend
      timeoutSeconds: soon
    upstream: { strategy: proces, url: http://localhost:1 }
`,
    { USHER_LOG_LEVL: 'debug' },
  );
  assert.deepEqual(found, [
    'USHER_LOG_LEVL: is unknown; did you mean USHER_LOG_LEVEL?',
    'usher.yaml:2:3 listen.prot: is unknown; did you mean port?',
    'usher.yaml:6:9 servers.apollo.authenticate[0].issuer: is "http://idp.corp/oauth2/as1": plain http is taken on this machine only; use https, or --oidc-insecure-allow-http (insecureAllowHttp: true) in a network you trust',
    'usher.yaml:7:9 servers.apollo.authenticate[0].audiance: is unknown; did you mean audience?',
    'usher.yaml:11:7 servers.apollo.credential.clientSecretEnv: names a variable that is not set; expected the name of a variable that holds the secret',
    'usher.yaml:13:7 servers.apollo.credential.timeoutSeconds: is "soon", expected a number of seconds (as a flag also 500ms, 10s, 2m)',
    'usher.yaml:14:17 servers.apollo.upstream.strategy: is "proces", expected one of http, process, container; did you mean process?',
  ]);
});

test('configuration – audience without issuer – does not start', () => {
  assert.match(
    problems([flag('oidc-audience', 'mcpserver'), target]).join('\n'),
    /^--oidc-issuer: is missing, but --oidc-audience is given/,
  );
});

test('configuration – issuer without audience – does not start', () => {
  assert.match(
    problems([flag('oidc-issuer', 'https://i.example.com'), target]).join('\n'),
    /^--oidc-audience: is missing, but --oidc-issuer is given/,
  );
});

test('configuration – nothing about callers – does not start, and names --anonymous', () => {
  assert.match(
    problems([target]).join('\n'),
    /^--oidc-issuer: is missing: nothing says who may call; .* or --anonymous/,
  );
});

test('configuration – exchange without checked callers – does not start, and does not offer --anonymous', () => {
  const [first = '', ...others] = problems([...exchange, target], secret);
  assert.match(first, /^--oidc-issuer: is missing: a token exchange needs callers/);
  assert.doesNotMatch(first, /anonymous/);
  assert.deepEqual(others, []);
});

test('configuration – exchange that names neither audience nor resource – does not start', () => {
  const [first = '', ...others] = problems([...jwt, ...exchange.slice(0, 2), target], secret);
  assert.match(first, /^--token-exchange-audience: is missing, and so is resource/);
  assert.deepEqual(others, []);
});

test('configuration – exchange with a resource alone – starts', () => {
  const resource = flag('token-exchange-resource', 'https://api.example.com');
  assert.deepEqual(problems([...jwt, ...exchange.slice(0, 2), resource, target], secret), []);
});

test('configuration – a key without a word how it is used – is asked about, and the secret is not missed as well', () => {
  const found = problems([...jwt, ...exchange, target, flag('token-exchange-client-key', '/etc/key.pem')]);
  assert.deepEqual(found, [
    '--token-exchange-client-key: is given, but clientAuthentication is client_secret_basic by default; leave it out, or use private_key_jwt or tls_client_auth',
  ]);
});

test('configuration – a secret beside a key – is one proof too many', () => {
  const keyFile = new URL('load.test.pem', import.meta.url).pathname;
  const found = problems(
    [
      ...jwt,
      ...exchange,
      target,
      flag('token-exchange-client-auth', 'private_key_jwt'),
      flag('token-exchange-client-key', keyFile),
    ],
    secret,
  );
  assert.equal(found.length, 2);
  assert.match(
    found[0] ?? '',
    /^USHER_TOKEN_EXCHANGE_CLIENT_SECRET: is given, but clientAuthentication is private_key_jwt; /,
  );
  assert.match(found[1] ?? '', /^--token-exchange-client-key: is ".*load\.test\.pem", which is no private key; /);
});

test('configuration – tls_client_auth without its files – names both', () => {
  const found = problems([...jwt, ...exchange, target, flag('token-exchange-client-auth', 'tls_client_auth')]);
  assert.equal(found.length, 2);
  assert.match(
    found[0] ?? '',
    /^--token-exchange-client-cert: is missing, but --token-exchange-url is given; expected: PEM/,
  );
  assert.match(
    found[1] ?? '',
    /^--token-exchange-client-key: is missing, but --token-exchange-url is given; expected: File/,
  );
});

test('configuration – half an exchange – names each missing half', () => {
  const found = problems([...jwt, flag('token-exchange-url', 'https://i.example.com/t'), target]).join('\n');
  assert.match(found, /--token-exchange-client-id: is missing, but --token-exchange-url is given/);
  assert.match(found, /--token-exchange-client-secret: is missing, but --token-exchange-url is given/);
});

test('configuration – everybody beside an issuer – does not start', () => {
  assert.match(
    problems([...jwt, flag('anonymous', 'true'), target]).join('\n'),
    /^--anonymous: lets everybody call, while an issuer/,
  );
});

test('configuration – everybody with an exchange – does not start', () => {
  assert.match(
    problems([flag('anonymous', 'true'), ...exchange, target], secret).join('\n'),
    /--anonymous: .*no token to exchange/,
  );
});

test('configuration – everybody with required scopes – does not start', () => {
  const flags = [flag('anonymous', 'true'), flag('oidc-scopes', 'a'), target];
  assert.match(problems(flags).join('\n'), /^--oidc-scopes: asks for scopes/);
});

for (const [name, url, isTaken] of [
  ['a name', 'http://idp.example.com/as', false],
  ['a private address', 'http://10.0.0.5/as', false],
  ['a name that only begins like this machine', 'http://localhost.example.com/as', false],
  ['127.0.0.9', 'http://127.0.0.9/as', true],
  ['IPv6 loopback', 'http://[::1]:9080/as', true],
  ['a name below localhost', 'http://idp.localhost/as', true],
  ['a private address over https', 'https://10.0.0.5/as', true],
] as const) {
  test(`plain http – issuer at ${name} – is ${isTaken ? 'taken' : 'refused'}`, () => {
    const found = problems([flag('oidc-issuer', url), flag('oidc-audience', 'a'), target]);
    assert.equal(found.length, isTaken ? 0 : 1, found.join('\n'));
  });
}

test('plain http – keys and token endpoint elsewhere – are refused, and taken with the flag', () => {
  const flags = [
    ...jwt,
    flag('oidc-jwks-url', 'http://idp.corp/keys'),
    flag('token-exchange-url', 'http://idp.corp/token'),
    ...exchange.slice(1),
    target,
  ];
  assert.deepEqual(
    problems(flags, secret).map((line) => line.split(':')[0]),
    ['--oidc-jwks-url', '--token-exchange-url'],
  );
  assert.deepEqual(problems([...flags, flag('oidc-insecure-allow-http', 'true')], secret), []);
});

for (const url of [
  'https://user:hunter2@i.example.com/as',
  'https://i.example.com/as#x',
  'https://i.example.com/as?x=1',
  'i.example.com',
  'https:/i.example.com',
  'ftp://i.example.com',
  ' https://i.example.com',
]) {
  test(`issuer – ${url.replace('hunter2', '…')} – is refused without showing a password`, () => {
    const found = problems([flag('oidc-issuer', url), flag('oidc-audience', 'a'), target]).join('\n');
    assert.match(found, /^--oidc-issuer: is /);
    assert.doesNotMatch(found, /hunter2/);
  });
}

test('resource URL – with a fragment – is refused', () => {
  assert.match(
    problems([...jwt, flag('resource-url', 'https://g.example.com/mcp#x'), target]).join('\n'),
    /^--resource-url: .*fragment/,
  );
});

for (const path of ['/health', '/ready', '/.well-known', '/.well-known/x', 'mcp', '/a/../b', '/a//b', '/a?b']) {
  test(`path – ${path} – is refused`, () => {
    assert.match(problems([...jwt, flag('path', path), target]).join('\n'), /^--path: is /);
  });
}

test('servers – two at one path – are refused, also where both have the default', (context) => {
  const server = { authenticate: [{ strategy: 'anonymous' }], upstream: { url: 'http://127.0.0.1:1' } };
  const found = fileProblems(context, stringify({ servers: { a: server, b: server } }));
  assert.equal(found.length, 1);
  assert.match(
    found.join(''),
    /^usher\.yaml:\d+:\d+ servers\.b\.path: is "\/mcp" by default, where a is served already/,
  );
});

test('servers – resource URLs with one path – are refused, the second would get the metadata of the first', (context) => {
  const authenticate = [{ issuer: 'https://i.example.com', audience: 'a' }];
  const upstream = { url: 'http://127.0.0.1:1' };
  const a = { authenticate, upstream, resourceUrl: 'https://a.example.com/mcp' };
  const b = { authenticate, upstream, path: '/b', resourceUrl: 'https://b.example.com/mcp' };
  const found = fileProblems(context, stringify({ servers: { a, b } }));
  assert.equal(found.length, 1);
  assert.match(found.join(''), /servers\.b\.resourceUrl: .*whose path "\/mcp" is that of a already/);
});

test('servers – one issuer twice – is refused', (context) => {
  const entry = { issuer: 'https://i.example.com', audience: 'a' };
  const server = { authenticate: [entry, entry], upstream: { url: 'http://127.0.0.1:1' } };
  const found = fileProblems(context, stringify({ servers: { a: server } }));
  assert.equal(found.length, 1);
  assert.match(found.join(''), /authenticate\[1\]\.issuer: .*an entry before it names already/);
});

test('servers – none – are asked for', (context) => {
  assert.match(fileProblems(context, 'servers: {}').join(''), /^usher\.yaml:1:1 servers: is empty/);
});

test('servers – one named __proto__ beside a good one – refused, not read over', (context) => {
  const server = '{ authenticate: [{ strategy: anonymous }], upstream: { url: http://127.0.0.1:1 } }';
  const found = fileProblems(context, `servers:\n  a: ${server}\n  __proto__: ${server}\n`).join('');
  assert.match(found, /^usher\.yaml:3:3 servers\.__proto__: is not a name a server can have/);
});

test('a list as key – named as unknown, nothing of it on stderr', (context) => {
  const warn = context.mock.method(process, 'emitWarning', () => {});
  assert.match(fileProblems(context, '? [a]\n: 1\n').join(''), /is unknown; expected one of/);
  assert.equal(warn.mock.callCount(), 0);
});

test('unknown key – a setting that stands elsewhere – says where', (context) => {
  const server = {
    'oidc-issuer': 'x',
    authenticate: [{ strategy: 'anonymous' }],
    upstream: { url: 'http://127.0.0.1:1' },
  };
  const found = fileProblems(context, stringify({ servers: { a: server } }));
  assert.match(
    found.join(''),
    /servers\.a\.oidc-issuer: is unknown here; did you mean servers\.a\.authenticate\[0\]\.issuer/,
  );
});

for (const [name, text, pattern] of [
  ['broken', 'servers:\n  a: [1,\n', /^usher\.yaml:\d+:\d+: is not YAML that can be used/],
  ['with a key twice', 'log: {}\nlog: {}\n', /^usher\.yaml:2:1: is not YAML/],
  ['empty', '', /^usher\.yaml: is empty/],
  ['a list', '- a\n', /^usher\.yaml: is not a group of settings/],
  ['of several documents', 'log: {}\n---\nlog: {}\n', /^usher\.yaml:\d+:\d+: is not YAML/],
  ['of an unknown tag', 'log: !secret x\n', /^usher\.yaml:1:\d+: is not YAML/],
  ['that holds itself', 'servers: &all\n  a: *all\n', /nested too deeply/],
  [
    'a bomb of aliases',
    `a: &a [x]\n${'bcdefgh'
      .split('')
      .map((letter, index) => `${letter}: &${letter} [${Array(20).fill(`*${'abcdefg'[index]}`).join(',')}]`)
      .join('\n')}\n`,
    /aliases/,
  ],
] as const) {
  test(`file – ${name} – is one clear problem`, (context) => {
    const found = fileProblems(context, text);
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found.join(''), pattern);
  });
}

test('file – broken in the line of a secret – is reported without the line', (context) => {
  const found = fileProblems(context, 'clientSecret: "hunter2\nservers: [');
  assert.doesNotMatch(found.join(''), /hunter2/);
});

test('file – not there, or a folder – says so', (context) => {
  const folder = makeFolder(context);
  assert.match(
    problemsOf(() => loadConfig({ file: `${folder}/none.yaml`, flags: [], environment: {} })).join(''),
    /no such file/,
  );
  assert.match(problemsOf(() => loadConfig({ file: folder, flags: [], environment: {} })).join(''), /it is a folder/);
});

test('flag – given twice – does not let the last one win', () => {
  assert.deepEqual(problems([...jwt, flag('port', '1', '2'), target]), ['--port: is given 2 times, expected once']);
});

test('flag – beside its other name – is refused', () => {
  const alias = { ...flag('port', '2'), label: '--proxy-port' };
  assert.match(problems([...jwt, flag('port', '1'), alias, target]).join(''), /^--proxy-port: is given beside --port/);
});

test('flag – that swallowed the next one – has no value', () => {
  assert.match(problems([flag('oidc-issuer', '--oidc-audience'), target]).join('\n'), /--oidc-issuer: has no value/);
});

for (const [name, text] of [
  ['port', '80a'],
  ['port', '70000'],
  ['port', '1.5'],
  ['port', '8000s'],
  ['token-exchange-timeout', '10h'],
  ['body-limit', '1e6'],
  ['log-level', 'INFO'],
  ['oidc-algorithms', 'HS256'],
  ['oidc-algorithms', 'none'],
  ['oidc-scopes', 'a"b'],
  ['oidc-audience', 'a,,b'],
] as const) {
  test(`--${name} – ${text} – is refused`, () => {
    const own = jwt.filter(({ label }) => label !== `--${name}`);
    const found = problems(
      [...own, ...(name === 'token-exchange-timeout' ? exchange : []), flag(name, text), target],
      name === 'token-exchange-timeout' ? secret : {},
    );
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found.join(''), new RegExp(`^--${name}: is `));
  });
}

test('variables – true, yes and empty – only the first is a truth value', () => {
  const load = (text: string) => problems([...jwt, target], { USHER_OIDC_INSECURE_ALLOW_HTTP: text });
  assert.deepEqual(load('true'), []);
  assert.match(load('yes').join(''), /expected true or false/);
  assert.match(load('').join(''), /is empty/);
});

test('variables – of a Kubernetes service called usher – are refused with what to do', () => {
  const found = problems([...jwt, target], { USHER_PORT: 'tcp://10.0.0.1:80', USHER_SERVICE_HOST: '10.0.0.1' });
  assert.equal(found.length, 2);
  assert.ok(
    found.every((line) => line.includes('enableServiceLinks: false')),
    found.join('\n'),
  );
});

test('variables – short ones with several servers – say that they need a server', (context) => {
  const server = { authenticate: [{ strategy: 'anonymous' }], upstream: { url: 'http://127.0.0.1:1' } };
  const found = fileProblems(context, stringify({ servers: { a: server } }), {
    USHER_OIDC_ISSUER: 'https://i.example.com',
  });
  assert.match(
    found.join(''),
    /^USHER_OIDC_ISSUER: does not say which server it is for; .* USHER_SERVERS_A_OIDC_ISSUER$/,
  );
});

test('target – URL and a command of the file – is refused with where the other stands', (context) => {
  const server = {
    authenticate: [{ strategy: 'anonymous' }],
    upstream: { strategy: 'process', command: ['true'], targetPort: 9000 },
  };
  const file = writeText(context, 'usher.yaml', stringify({ servers: { a: server } }));
  const found = problemsOf(() => loadOne({ file, flags: [{ ...target, label: 'URL' }] })).join('');
  assert.match(
    found,
    /^URL: belongs to the strategy http, but servers\.a\.upstream is process at .*usher\.yaml:\d+:\d+/,
  );
});

test('target port – the one Usher listens on – is refused', (context) => {
  const server = {
    authenticate: [{ strategy: 'anonymous' }],
    upstream: { strategy: 'process', command: ['true'], targetPort: 8000 },
  };
  assert.match(
    fileProblems(context, stringify({ servers: { a: server } })).join(''),
    /the port Usher itself listens on/,
  );
});

test('CA file – without a certificate – is refused', (context) => {
  const file = writeText(context, 'ca.pem', 'hello');
  assert.match(problems([...jwt, flag('ca-file', file), target]).join(''), /^--ca-file: .*no certificate in it/);
});
