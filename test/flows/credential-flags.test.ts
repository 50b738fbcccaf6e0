import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { parse, stringify } from 'yaml';
import { signInUser } from '../../src/demo/sign-in-user.ts';
import { flavours } from '../../src/idp/flavours/flavours.ts';
import { defaultSeed } from '../../src/idp/seed/default-seed.ts';
import { post } from '../kit/call.ts';
import { makeFolder, writeText } from '../kit/config-input.ts';
import { freePort } from '../kit/free-port.ts';
import { startUsher } from '../kit/run-usher.ts';
import { sendJson, startHttpServer, type TestServer } from '../kit/start-http-server.ts';
import { claimsOf, type SeedData } from '../kit/start-test-idp.ts';
import { until } from '../kit/until.ts';

const answer = { jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'Czechia' }] } };
const call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"GetCountry"}}';

function isUp(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** `usher idp` as a process, once it answers at `path`. */
async function startProvider(context: TestContext, path: string, ...args: readonly string[]) {
  const [folder, httpPort, httpsPort] = [makeFolder(context), await freePort(), await freePort()];
  const ports = ['--http-port', `${httpPort}`, '--https-port', `${httpsPort}`];
  startUsher(context, ['idp', ...ports, '--state-dir', folder, ...args]);
  const url = `http://localhost:${httpPort}`;
  await until(() => isUp(`${url}${path}`));
  return { url, httpsUrl: `https://localhost:${httpsPort}`, caFile: join(folder, 'ca.pem') };
}

/** `usher run` or `usher proxy` with these words, as a process in front of a server, once it is ready. */
async function startGateway(
  context: TestContext,
  upstream: TestServer,
  { words, env, port }: { words: readonly string[]; env?: Readonly<Record<string, string>>; port: number },
) {
  const auditFile = join(makeFolder(context), 'audit.jsonl');
  const [command = 'run', ...others] = words.flatMap((line) => line.split(' '));
  const target = command === 'proxy' ? ['countries', '--target-uri', `${upstream.url}/mcp`] : [`${upstream.url}/mcp`];
  const stay = command === 'run' ? ['--foreground'] : [];
  const common = [...stay, '--port', `${port}`, '--audit-file', auditFile];
  startUsher(context, [command, ...common, ...others, ...target], env === undefined ? {} : { env });
  await until(() => isUp(`http://localhost:${port}/ready`));
  return { mcpUrl: `http://localhost:${port}/mcp`, audit: () => readFileSync(auditFile, 'utf8') };
}

/** A tool call, with its answer read whole: then it is on record. */
async function callTool(mcpUrl: string, callerToken?: string): Promise<number> {
  const response = await post(mcpUrl, callerToken, call);
  await response.text();
  return response.status;
}

function startUpstream(): Promise<TestServer> {
  return startHttpServer((_, response) => sendJson(response, 200, answer));
}

describe('credentials by flags and variables alone', () => {
  test('entra-obo – a user signs in and calls – the call goes on with a token of the same user for the API', async (context) => {
    const [gatewayId, backend] = ['3f6b2c1e-0d4a-4c8e-9b57-6a1d2e3f4a5b', '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d'];
    const tenant = '/a9d3a525-b000-466e-8862-d1e506bb81c3';
    const metadata = `${tenant}/v2.0/.well-known/openid-configuration`;
    const port = await freePort();
    const seed = parse(flavours.entra.defaultSeed) as SeedData;
    // What MCP clients send as resource.
    Object.assign(seed.servers[0] ?? {}, { identifiers: [`http://localhost:${port}/mcp`] });
    const seedFile = writeText(context, 'seed.yaml', stringify(seed));
    const { url } = await startProvider(context, metadata, '--flavour', 'entra', '--seed', seedFile);
    await using upstream = await startUpstream();
    const secretFile = writeText(context, 'secret.txt', 'gateway-development-secret\n');
    const gateway = await startGateway(context, upstream, {
      port,
      words: [
        `run --oidc-issuer ${url}${tenant}/v2.0 --oidc-audience ${gatewayId}`,
        `--oidc-scopes mcp.tools.call --oidc-scope-prefix api://${gatewayId}/`,
        `--credential entra-obo --entra-obo-url ${url}${tenant}/oauth2/v2.0/token`,
        `--entra-obo-client-id ${gatewayId} --entra-obo-client-secret-file ${secretFile}`,
        `--entra-obo-scopes api://${backend}/Countries.Read --entra-obo-audience ${backend}`,
      ],
    });
    const { callerToken } = await signInUser({
      mcpUrl: gateway.mcpUrl,
      clientId: '1b4e28ba-2fa1-41d2-883f-0016d3cca427',
      redirectUri: 'http://127.0.0.1:7777/callback',
      username: 'alice@example.com',
      password: 'alice',
    });
    assert.equal(await callTool(gateway.mcpUrl, callerToken), 200);
    const [before, after] = [callerToken, upstream.seen[0]?.headers.authorization?.slice('Bearer '.length)].map(
      claimsOf,
    );
    assert.deepEqual([after?.['aud'], after?.['scp'], after?.['oid']], [backend, 'Countries.Read', before?.['oid']]);
    assert.match(gateway.audit(), /"exchanged":\{"strategy":"entra-obo"/);
  });

  test('client-credentials – anybody calls – the call goes on with a token of the gateway’s own', async (context) => {
    const seed = parse(defaultSeed) as SeedData;
    for (const app of seed.apps) if (app.clientId === 'gateway') app['grantTypes'] = ['client_credentials'];
    for (const { rules } of seed.servers[1]?.policies ?? [])
      for (const rule of rules) rule['grantTypes'] = ['client_credentials'];
    const seedFile = writeText(context, 'seed.yaml', stringify(seed));
    const metadata = '/oauth2/mcpserver/.well-known/openid-configuration';
    const { httpsUrl, caFile } = await startProvider(context, metadata, '--seed', seedFile);
    await using upstream = await startUpstream();
    const gateway = await startGateway(context, upstream, {
      port: await freePort(),
      words: [
        `proxy --anonymous --ca-file ${caFile} --client-credentials-client-id gateway`,
        `--client-credentials-url ${httpsUrl}/oauth2/backend/v1/token`,
        '--client-credentials-audience backend --client-credentials-scopes backend-api:read',
      ],
      env: { USHER_CLIENT_CREDENTIALS_CLIENT_SECRET: 'gateway-development-secret' },
    });
    assert.equal(await callTool(gateway.mcpUrl), 200);
    const claims = claimsOf(upstream.seen[0]?.headers.authorization?.slice('Bearer '.length));
    assert.deepEqual([claims['aud'], claims['cid'], claims['scp']], ['backend', 'gateway', ['backend-api:read']]);
    assert.match(gateway.audit(), /"exchanged":\{"strategy":"client-credentials"/);
  });

  test('static-header – by variables – the call carries the secret, and the audit trail does not', async (context) => {
    await using upstream = await startUpstream();
    const gateway = await startGateway(context, upstream, {
      port: await freePort(),
      words: ['run --anonymous'],
      env: {
        USHER_STATIC_HEADER_NAME: 'X-Api-Key',
        USHER_STATIC_HEADER_VALUE_FILE: writeText(context, 'key.txt', 'key-of-the-api\n'),
      },
    });
    assert.equal(await callTool(gateway.mcpUrl), 200);
    assert.equal(upstream.seen[0]?.headers['x-api-key'], 'key-of-the-api');
    assert.match(gateway.audit(), /"exchanged":\{"strategy":"static-header"/);
    assert.doesNotMatch(gateway.audit(), /key-of-the-api/);
  });
});
