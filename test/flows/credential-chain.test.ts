import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Secret } from '../../src/model/secret.ts';
import { post } from '../kit/call.ts';
import { fileProblems } from '../kit/config-input.ts';
import { sendJson } from '../kit/start-http-server.ts';
import { startIssuer } from '../kit/start-issuer.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';

const call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"GetCountry"}}';

/** The lab's issuer exchanges for backend, another one there for ledger. */
async function startChainLab() {
  const there = await startIssuer();
  const lab = await startTokenLab({
    server: (usual, { tokenUrl }) => ({
      ...usual,
      credential: {
        strategy: 'chain',
        steps: [tokenUrl, there.tokenUrl].map((url, index) => ({
          strategy: 'token-exchange',
          url,
          clientId: 'gateway',
          clientSecret: new Secret(`secret-${index}`),
          audience: [index === 0 ? 'backend' : 'ledger'],
        })),
      },
    }),
  });
  return {
    lab,
    there,
    async [Symbol.asyncDispose]() {
      await lab[Symbol.asyncDispose]();
      await there[Symbol.asyncDispose]();
    },
  };
}

test('a call through two exchanges – reaches the server with the last token; the audit trail has them all', async () => {
  await using all = await startChainLab();
  const { lab, there } = all;
  const token = lab.token();
  const response = await post(lab.gateway.mcpUrl, token, call);
  assert.equal(response.status, 200);
  const [record] = await lab.gateway.records();
  assert.equal(record?.caller?.jti, 'AT.forged');
  assert.equal(record?.exchanged?.strategy, 'chain');
  assert.deepEqual([record?.exchanged?.iss, record?.exchanged?.aud], [there.issuer, 'ledger']);
  const [step] = record?.exchanged?.steps ?? [];
  assert.deepEqual([step?.strategy, step?.iss, step?.aud], ['token-exchange', lab.issuer.issuer, 'backend']);
  const sent = lab.upstream.seen[0]?.headers.authorization ?? '';
  assert.ok(sent.startsWith('Bearer ey') && !sent.includes(token));
  // Nothing but claims is on record.
  assert.ok(!JSON.stringify(record).includes(sent.split('.')[2] ?? '?'));
});

test('the second exchange is refused – the caller hears no more than that, the operator which step it was', async () => {
  await using all = await startChainLab();
  const { lab, there } = all;
  there.onToken = (_, response) => sendJson(response, 400, { error: 'invalid_target', error_description: 'no ledger' });
  const response = await post(lab.gateway.mcpUrl, lab.token(), call);
  assert.equal(response.status, 502);
  assert.doesNotMatch(await response.text(), /Step|ledger/);
  const [record] = await lab.gateway.records();
  assert.equal(record?.code, 'exchange_misconfigured');
  assert.match(record?.hint ?? '', /^Step 2 of 2, token-exchange: The token endpoint .* invalid_target: no ledger/);
  assert.equal(lab.upstream.seen.length, 0);
});

const step = (more = '') =>
  `{ strategy: token-exchange, url: 'https://i.example.com/t', clientId: g, clientSecretEnv: SECRET, audience: b${more} }`;
const server = (credential: string) => `servers:
  a:
    authenticate: [{ issuer: 'https://i.example.com', audience: x }]
    credential: ${credential}
    upstream: { url: 'http://127.0.0.1:1' }
`;
const chain = (...steps: string[]) => server(`{ strategy: chain, steps: [${steps.join(', ')}] }`);
const idJag = (target: string) =>
  server(
    `{ strategy: id-jag, url: 'https://i.example.com/t', clientId: g, clientSecretEnv: SECRET, audience: 'https://p.example', target: ${target} }`,
  );

describe('configuration', () => {
  const rows: readonly (readonly [string, string, readonly RegExp[]])[] = [
    ['two steps', chain(step(), step()), []],
    ['an ID token between', chain(step(', requestedTokenType: id_token'), step(', subjectTokenType: id_token')), []],
    [
      'an ID token at the end',
      chain(step(), step(', requestedTokenType: id_token')),
      [/steps\[1\]\.requestedTokenType: is "id_token"/],
    ],
    ['one step', chain(step()), [/credential\.steps: has too few entries \(1\), expected at least 2/]],
    ['a step with a header', chain(step(', header: X-A'), step()), [/steps\[0\]\.header: is unknown/]],
    [
      'a step as the gateway',
      chain(step(), '{ strategy: client-credentials }'),
      [/steps\[1\]\.strategy: is "client-credentials", expected one of/],
    ],
    [
      'a step without a secret',
      chain(step(), step().replace('clientSecretEnv: SECRET, ', '')),
      [/steps\[1\]\.clientSecret: is missing/],
    ],
    ['a step over plain http', chain(step(), step().replace('https', 'http')), [/steps\[1\]\.url: .* plain http/]],
    [
      'a step of another provider’s flag',
      chain(step(), step(', audienc: b')),
      [/steps\[1\]\.audienc: is unknown; did you mean audience/],
    ],
    ['a target', idJag("{ url: 'https://p.example/t', clientId: h, clientSecretEnv: SECRET }"), []],
    [
      'a target without a secret',
      idJag("{ url: 'https://p.example/t', clientId: h }"),
      [/target\.clientSecret: is missing/],
    ],
    [
      'a target with a key that is not there',
      idJag(
        "{ url: 'https://p.example/t', clientId: h, clientAuthentication: private_key_jwt, clientKeyFile: no.pem }",
      ),
      [/target\.clientKeyFile: is ".*no\.pem", which cannot be read: no such file/],
    ],
    [
      'a target over plain http',
      idJag("{ url: 'http://p.example/t', clientId: h, clientSecretEnv: SECRET }"),
      [/target\.url: .* plain http/],
    ],
  ];
  test('an issuer’s own chain with a step over plain http – is reported', (context) => {
    const own = `{ strategy: chain, steps: [${step()}, ${step().replace('https', 'http')}] }`;
    const text = `servers:
  a:
    authenticate: [{ issuer: 'https://i.example.com', audience: x, credential: ${own} }]
    upstream: { url: 'http://127.0.0.1:1' }
`;
    const problems = fileProblems(context, text, { SECRET: 'shh' });
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0] ?? '', /authenticate\[0\]\.credential\.steps\[1\]\.url: .* plain http/);
  });
  for (const [name, text, problems] of rows) {
    test(`${name} – ${problems.length === 0 ? 'starts' : 'is the one thing that is reported'}`, (context) => {
      const found = fileProblems(context, text, { SECRET: 'shh' });
      assert.equal(found.length, problems.length, found.join('\n'));
      for (const [index, problem] of problems.entries()) assert.match(found[index] ?? '', problem);
    });
  }
});
