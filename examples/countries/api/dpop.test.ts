import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeDpopClient, type ProofChanges } from '../../../test/kit/dpop-client.ts';
import { type TestIssuer, startIssuer } from '../test/start-issuer.ts';
import { startProgram, type TestProgram } from '../test/start-program.ts';

const apiMain = fileURLToPath(new URL('main.ts', import.meta.url));
const mcpMain = fileURLToPath(new URL('../mcp/main.ts', import.meta.url));
const config = fileURLToPath(new URL('../apollo-mcp-config.yaml', import.meta.url));
const publicUrl = 'https://api.example.com/';
const query = JSON.stringify({ query: '{country(code:"SE"){name}}' });
const toolCall = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'GetCountry', arguments: { code: 'SE' } },
});

let issuer: TestIssuer;
let api: TestProgram;
let mcp: TestProgram;
before(async () => {
  issuer = await startIssuer();
  const environment = {
    OKTA_ISSUER: issuer.issuer,
    OKTA_AUDIENCE: 'backend',
    REQUIRED_SCOPES: 'backend-api:read',
    NODE_EXTRA_CA_CERTS: issuer.caFile,
  };
  api = await startProgram([apiMain], { ...environment, PORT: '0', REQUIRE_DPOP: 'true' });
  mcp = await startProgram([mcpMain, config, '--port', '0'], {
    ...environment,
    COUNTRIES_DIR: fileURLToPath(new URL('..', import.meta.url)),
    COUNTRIES_API_URL: api.url,
  });
});
after(async () => {
  for (const one of [mcp, api, issuer]) await one[Symbol.asyncDispose]();
});

const client = makeDpopClient();
const boundToken = () => issuer.sign({ cnf: client.cnf });

async function send(url: string, body: string, headers: Record<string, string>) {
  const accept = 'application/json, text/event-stream';
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...headers },
    body,
  });
  return { status: answer.status, challenge: answer.headers.get('www-authenticate') ?? '', text: await answer.text() };
}

describe('API – a token that is bound to a key', () => {
  test('with its proof – is taken, the proof once', async () => {
    const headers = client.headers({ url: api.url, token: await boundToken() });
    const answer = await send(api.url, query, headers);
    assert.match(answer.text, /Sweden/);
    const again = await send(api.url, query, headers);
    assert.equal(again.status, 401);
    assert.match(
      again.challenge,
      /^DPoP realm="countries", error="invalid_dpop_proof", error_description="[^"]*used before"/,
    );
    assert.match(again.challenge, /algs="ES256 /);
  });
  test('as Bearer – is refused', async () => {
    const answer = await send(api.url, query, { authorization: `Bearer ${await boundToken()}` });
    assert.equal(answer.status, 401);
    assert.match(answer.challenge, /^DPoP .*error="invalid_token", .*bound to a key/);
  });
  test('a bearer token where bound ones are wanted – is refused', async () => {
    const answer = await send(api.url, query, { authorization: `Bearer ${await issuer.sign()}` });
    assert.equal(answer.status, 401);
    assert.match(answer.challenge, /^DPoP .*bound to no key/);
  });
  const rows: readonly (readonly [string, ProofChanges])[] = [
    ['for the MCP server', { claims: { htu: 'http://127.0.0.1:8000/mcp' } }],
    ['for another method', { claims: { htm: 'GET' } }],
    ['for another token', { claims: { ath: 'x' } }],
    ['for no token', { claims: { ath: undefined } }],
    ['that is stale', { claims: { iat: Math.floor(Date.now() / 1000) - 120 } }],
    ['of another key', { header: { jwk: makeDpopClient().key.publicKey.export({ format: 'jwk' }) } }],
    ['of another type', { header: { typ: 'JWT' } }],
  ];
  for (const [name, changes] of rows) {
    test(`with a proof ${name} – is refused`, async () => {
      const answer = await send(api.url, query, client.headers({ url: api.url, token: await boundToken() }, changes));
      assert.equal(answer.status, 401);
      assert.match(answer.challenge, /error="invalid_dpop_proof"/);
    });
  }
  test('behind another name – the proof has to be for that name', async () => {
    await using other = await startProgram([apiMain], {
      OKTA_ISSUER: issuer.issuer,
      OKTA_AUDIENCE: 'backend',
      REQUIRED_SCOPES: 'backend-api:read',
      NODE_EXTRA_CA_CERTS: issuer.caFile,
      PORT: '0',
      PUBLIC_URL: publicUrl,
    });
    const token = await boundToken();
    assert.equal((await send(other.url, query, client.headers({ url: other.url, token }))).status, 401);
    assert.equal((await send(other.url, query, client.headers({ url: publicUrl, token }))).status, 200);
    const graphql = client.headers({ url: `${publicUrl}graphql`, token });
    assert.equal((await send(new URL('/graphql', other.url).href, query, graphql)).status, 200);
  });
});

describe('MCP server – hands token and proof on', () => {
  test('a proof for the API – arrives there, and is good', async () => {
    const answer = await send(mcp.url, toolCall, client.headers({ url: api.url, token: await boundToken() }));
    assert.match(answer.text, /Sweden/);
  });
  test('a proof for the MCP server itself – is refused here: the API could not take it', async () => {
    const seen = api.events.length;
    const answer = await send(mcp.url, toolCall, client.headers({ url: mcp.url, token: await boundToken() }));
    assert.equal(answer.status, 401);
    assert.match(answer.challenge, /^DPoP .*error="invalid_dpop_proof"/);
    assert.equal(api.events.length, seen);
  });
  test('a bound token as Bearer, and one proof for two calls – are refused', async () => {
    const token = await boundToken();
    assert.equal((await send(mcp.url, toolCall, { authorization: `Bearer ${token}` })).status, 401);
    const headers = client.headers({ url: api.url, token });
    assert.equal((await send(mcp.url, toolCall, headers)).status, 200);
    assert.equal((await send(mcp.url, toolCall, headers)).status, 401);
  });
});
