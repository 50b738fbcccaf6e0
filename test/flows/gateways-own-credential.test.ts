import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Secret } from '../../src/model/secret.ts';
import { post } from '../kit/call.ts';
import { fileProblems } from '../kit/config-input.ts';
import { sendJson } from '../kit/start-http-server.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';

const call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"GetCountry"}}';

describe('client-credentials', () => {
  test('a machine calls – the call goes on as the gateway, and the audit trail has both', async () => {
    await using lab = await startTokenLab({
      server: (usual, { tokenUrl: url }) => ({
        ...usual,
        credential: { strategy: 'client-credentials', url, clientId: '0oaGateway', clientSecret: new Secret('shh') },
      }),
    });
    lab.issuer.onToken = (_, response) =>
      sendJson(response, 200, { access_token: 'of-the-gateway', token_type: 'Bearer', expires_in: 300 });
    for (const jti of ['AT.1', 'AT.2']) {
      const token = lab.token({ claims: { sub: '0oaClient', jti } });
      assert.equal((await post(lab.gateway.mcpUrl, token, call)).status, 200);
    }
    assert.deepEqual(
      lab.upstream.seen.map(({ headers }) => headers.authorization),
      ['Bearer of-the-gateway', 'Bearer of-the-gateway'],
    );
    const records = await lab.gateway.records();
    assert.deepEqual(
      records.map(({ who, caller, exchanged }) => [who.sub, caller?.jti, exchanged]),
      [
        [
          '0oaClient',
          'AT.1',
          { strategy: 'client-credentials', source: 'fresh', ms: records[0]?.exchanged?.ms, as: 'gateway' },
        ],
        ['0oaClient', 'AT.2', { strategy: 'client-credentials', source: 'cached', ms: 0, as: 'gateway' }],
      ],
    );
    assert.equal(lab.issuer.count('/oauth2/as1/v1/token'), 1);
  });

  test('a token of the gateway’s own – is for another subject than the caller, and nobody is warned of that', async () => {
    await using lab = await startTokenLab({
      server: (usual, { tokenUrl: url }) => ({
        ...usual,
        credential: { strategy: 'client-credentials', url, clientId: '0oaGateway', clientSecret: new Secret('shh') },
      }),
    });
    const own = lab.token({ claims: { aud: 'backend', sub: '0oaGateway' } });
    lab.issuer.onToken = (_, response) =>
      sendJson(response, 200, { access_token: own, token_type: 'Bearer', expires_in: 300 });
    assert.equal((await post(lab.gateway.mcpUrl, lab.token({ claims: { sub: '0oaClient' } }), call)).status, 200);
    assert.deepEqual(
      lab.gateway.logged.filter((line) => line.includes('is for subject')),
      [],
    );
  });
});

describe('static-header', () => {
  test('any call – carries the secret, which is in no log and no audit trail', async () => {
    await using lab = await startTokenLab({
      server: (usual) => ({
        ...usual,
        credential: { strategy: 'static-header', header: 'X-Api-Key', value: new Secret('key-of-the-api') },
      }),
    });
    const token = lab.token();
    assert.equal((await post(lab.gateway.mcpUrl, token, call)).status, 200);
    const [seen] = lab.upstream.seen;
    assert.equal(seen?.headers['x-api-key'], 'key-of-the-api');
    assert.equal(seen?.headers.authorization, undefined);
    assert.equal(lab.issuer.count('/oauth2/as1/v1/token'), 0);
    const records = await lab.gateway.records();
    assert.deepEqual(records[0]?.exchanged, { strategy: 'static-header', source: 'static', ms: 0, as: 'gateway' });
    assert.ok(!`${JSON.stringify(records)}${lab.gateway.logged.join('')}`.includes('key-of-the-api'));
  });

  test('the API refuses it – 502 after one call: there is no other to try', async () => {
    await using lab = await startTokenLab({
      respond: (_, response) => void response.writeHead(401).end(),
      server: (usual) => ({
        ...usual,
        credential: { strategy: 'static-header', header: 'Authorization', value: new Secret('Basic YTpi') },
      }),
    });
    assert.equal((await post(lab.gateway.mcpUrl, lab.token(), call)).status, 502);
    assert.equal(lab.upstream.seen.length, 1);
  });
});

const server = (credential: string, authenticate = '{ issuer: "https://i.example.com", audience: x }') => `servers:
  a:
    authenticate: [${authenticate}]
    credential: ${credential}
    upstream: { url: 'http://127.0.0.1:1' }
`;
const obo = "url: 'https://login.example/t', clientId: g, clientSecretEnv: SECRET";

describe('configuration', () => {
  const good: readonly (readonly [string, string?])[] = [
    ['{ strategy: static-header, header: X-Api-Key, valueEnv: SECRET }'],
    [
      "{ strategy: client-credentials, url: 'https://i.example.com/t', clientId: g, clientSecretEnv: SECRET }",
      '{ strategy: anonymous }',
    ],
    [`{ strategy: entra-obo, ${obo}, scopes: api://b/.default, audience: b }`],
  ];
  for (const [credential, authenticate] of good) {
    test(`${credential} – starts`, (context) => {
      assert.deepEqual(fileProblems(context, server(credential, authenticate), { SECRET: 'shh' }), []);
    });
  }
  const bad: [string, RegExp, string?][] = [
    [
      '{ strategy: static-header, header: X-Api-Key }',
      /credential\.value: is missing; give a file that holds it: --static-header-value-file PATH/,
    ],
    [
      '{ strategy: static-header, header: X-Api-Key, valueEnv: TWO_LINES }',
      /credential\.value: is not usable, expected text/,
    ],
    [
      '{ strategy: client-credentials, url: "http://i.example.com/t", clientId: g, clientSecretEnv: SECRET }',
      /plain http/,
    ],
    [
      '{ strategy: client-credentials, url: "https://i.example.com/t", clientId: g }',
      /clientSecret: is missing for client_secret_basic; /,
    ],
    [`{ strategy: entra-obo, ${obo}, audience: b }`, /scopes: is missing; expected: Scopes to ask for/],
    [
      `{ strategy: entra-obo, ${obo}, scopes: s, audience: b }`,
      /lets everybody call, so there is no token/,
      '{ strategy: anonymous }',
    ],
  ];
  bad.push(
    [
      '{ strategy: client-credentials, url: "https://i.example.com/t", clientId: g, clientSecretEnv: SECRET, dpop: true, dpopKeyFile: no.pem }',
      /dpopKeyFile: is ".*no\.pem", which cannot be read: no such file/,
    ],
    [
      '{ strategy: client-credentials, url: "https://i.example.com/t", clientId: g, clientSecretEnv: SECRET, dpop: true, header: X-A }',
      /header: is given, but tokens that are bound to a key/,
    ],
  );
  for (const [credential, problem, authenticate] of bad) {
    test(`${credential} – does not start`, (context) => {
      const environment = { SECRET: 'shh', TWO_LINES: 'a\nb' };
      const found = fileProblems(context, server(credential, authenticate), environment);
      assert.equal(found.length, 1, found.join('\n'));
      assert.match(found[0] ?? '', problem);
    });
  }
});
