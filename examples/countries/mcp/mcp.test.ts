import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SignJWT } from 'jose';
import { clientMissing, connectClient } from '../test/connect-client.ts';
import { startIssuer, type TestIssuer } from '../test/start-issuer.ts';
import { runProgramToEnd, startProgram, type TestProgram } from '../test/start-program.ts';

const apiMain = fileURLToPath(new URL('../api/main.ts', import.meta.url));
const main = fileURLToPath(new URL('main.ts', import.meta.url));
const config = fileURLToPath(new URL('../apollo-mcp-config.yaml', import.meta.url));
const resource = 'http://mcp.example/mcp';
const callSweden = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'GetCountry', arguments: { code: 'SE' } },
};

function mcpEnvironment(issuer: TestIssuer, apiUrl: string): Record<string, string> {
  return {
    COUNTRIES_DIR: fileURLToPath(new URL('..', import.meta.url)),
    COUNTRIES_API_URL: apiUrl,
    COUNTRIES_MCP_RESOURCE: resource,
    OKTA_ISSUER: issuer.issuer,
    NODE_EXTRA_CA_CERTS: issuer.caFile,
  };
}

async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

describe('MCP server before the API', () => {
  let issuer: TestIssuer;
  let api: TestProgram;
  let mcp: TestProgram;
  before(async () => {
    issuer = await startIssuer();
    api = await startProgram([apiMain], {
      OKTA_ISSUER: issuer.issuer,
      OKTA_AUDIENCE: 'backend',
      REQUIRED_SCOPES: 'backend-api:read',
      NODE_EXTRA_CA_CERTS: issuer.caFile,
      PORT: '0',
    });
    mcp = await startProgram([main, config, '--port', '0'], mcpEnvironment(issuer, api.url));
  });
  after(async () => {
    await mcp[Symbol.asyncDispose]();
    await api[Symbol.asyncDispose]();
    await issuer[Symbol.asyncDispose]();
  });
  const callWith = (token: string) => post(mcp.url, callSweden, { authorization: `Bearer ${token}` });

  const eras = [
    { version: '2025-11-25', mode: 'legacy' },
    { version: '2026-07-28', mode: { pin: '2026-07-28' } },
  ] as const;
  for (const { version, mode } of eras) {
    test(
      `official client – ${version} – lists the tools and calls one as the user`,
      { skip: clientMissing },
      async () => {
        const jti = `AT.${version}`;
        const client = await connectClient(mcp.url, await issuer.sign({ jti }), mode);
        assert.equal(client.getNegotiatedProtocolVersion(), version);
        const { tools } = await client.listTools();
        assert.deepEqual(tools.map(({ name }) => name).sort(), [
          'GetAllCountries',
          'GetCountriesByContinent',
          'GetCountry',
          'GetEuropeanCountries',
        ]);
        const { structuredContent, isError } = await client.callTool({ name: 'GetCountry', arguments: { code: 'SE' } });
        await client.close();
        assert.notEqual(isError, true);
        const { data } = structuredContent as { data: { country: { name: string } } };
        assert.equal(data.country.name, 'Sweden');
        const logged = api.events.map(({ claims }) => claims as { jti?: string; sub?: string } | undefined);
        assert.equal(logged.find((claims) => claims?.jti === jti)?.sub, 'alice@example.com');
      },
    );
  }

  test('tool – listed – has description, input schema and the read-only hint', { skip: clientMissing }, async () => {
    const client = await connectClient(mcp.url, await issuer.sign(), 'legacy');
    const { tools } = await client.listTools();
    await client.close();
    const tool = tools.find(({ name }) => name === 'GetCountriesByContinent');
    assert.match(tool?.description ?? '', /^List the countries of one continent/);
    assert.equal(tool?.annotations?.['readOnlyHint'], true);
    assert.deepEqual(tool?.inputSchema['required'], ['continent']);
    assert.match(JSON.stringify(tool?.inputSchema), /"enum":\["AF","AN","AS","EU","NA","OC","SA"\]/);
  });

  test('every tool – called – answers countries', { skip: clientMissing }, async () => {
    const client = await connectClient(mcp.url, await issuer.sign(), 'legacy');
    const counts: number[] = [];
    for (const name of ['GetAllCountries', 'GetEuropeanCountries', 'GetCountriesByContinent']) {
      const named = name === 'GetCountriesByContinent' ? { name, arguments: { continent: 'EU' } } : { name };
      const { structuredContent } = await client.callTool(named);
      counts.push((structuredContent as { data: { countries: unknown[] } }).data.countries.length);
    }
    await client.close();
    const [all = 0, european = 0, byContinent] = counts;
    assert.ok(all > 240 && european > 40 && european < 70);
    assert.equal(byContinent, european);
  });

  test(
    'tool call – argument that is not allowed – is an error result that says which',
    { skip: clientMissing },
    async () => {
      const client = await connectClient(mcp.url, await issuer.sign(), 'legacy');
      const result = await client.callTool({ name: 'GetCountry', arguments: { code: 'SE', extra: 1 } });
      await client.close();
      assert.equal(result.isError, true);
      assert.match(result.content[0]?.text ?? '', /additional properties/);
    },
  );

  test('request – trace context – reaches the API beside the token', async () => {
    const seen = Promise.withResolvers<Record<string, unknown>>();
    const spy = createServer((req, res) => {
      seen.resolve({ ...req.headers });
      res.writeHead(200, { 'content-type': 'application/json' }).end('{"data":{}}');
    });
    await new Promise<void>((resolve) => spy.listen(0, '127.0.0.1', resolve));
    const address = spy.address() as { port: number };
    await using other = await startProgram(
      [main, config, '--port', '0'],
      mcpEnvironment(issuer, `http://127.0.0.1:${address.port}/`),
    );
    const token = await issuer.sign();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await (await post(other.url, callSweden, { authorization: `Bearer ${token}`, traceparent, cookie: 'a=b' })).text();
    const headers = await seen.promise;
    spy.close();
    assert.equal(headers['authorization'], `Bearer ${token}`);
    assert.equal(headers['traceparent'], traceparent);
    assert.equal(headers['cookie'], undefined);
  });

  test('keys – many requests – metadata and keys are fetched once', async () => {
    await using other = await startProgram([main, config, '--port', '0'], mcpEnvironment(issuer, api.url));
    await (await post(other.url, callSweden, { authorization: `Bearer ${await issuer.sign()}` })).text();
    const fetched = issuer.requests.length;
    for (let i = 0; i < 5; i += 1) {
      const response = await post(
        other.url,
        { jsonrpc: '2.0', id: 1, method: 'tools/list' },
        { authorization: `Bearer ${await issuer.sign()}` },
      );
      assert.equal(response.status, 200);
      await response.text();
    }
    assert.equal(issuer.requests.length, fetched);
  });

  test('metadata – asked for – names resource, servers and scopes', async () => {
    const response = await fetch(new URL('/.well-known/oauth-protected-resource/mcp', mcp.url));
    assert.deepEqual(await response.json(), {
      resource,
      authorization_servers: [issuer.issuer],
      bearer_methods_supported: ['header'],
      scopes_supported: ['backend-api:read'],
    });
  });

  test('token – none – gets 401 with the way to the metadata and no error', async () => {
    const response = await post(mcp.url, callSweden);
    assert.equal(response.status, 401);
    assert.equal(
      response.headers.get('www-authenticate'),
      'Bearer resource_metadata="http://mcp.example/.well-known/oauth-protected-resource/mcp", scope="backend-api:read"',
    );
  });

  const now = () => Math.floor(Date.now() / 1000);
  const refused: readonly { readonly what: string; readonly token: () => Promise<string>; readonly says: RegExp }[] = [
    { what: 'expired', token: () => issuer.sign({ exp: now() - 60 }), says: /it has expired/ },
    { what: 'without expiry', token: () => issuer.sign({ exp: undefined }), says: /it has no exp/ },
    { what: 'without subject', token: () => issuer.sign({ sub: undefined }), says: /it has no sub/ },
    { what: 'for another audience', token: () => issuer.sign({ aud: 'mcpserver' }), says: /audience is not 'backend'/ },
    {
      what: 'of another issuer',
      token: () => issuer.sign({ iss: 'https://evil.example' }),
      says: /issuer is not trusted/,
    },
    { what: 'of an unknown key', token: () => issuer.sign({}, { kid: 'other' }), says: /publishes no key/ },
    { what: 'that is no JWT', token: async () => 'a.b.c', says: /issuer is not trusted/ },
    {
      what: 'without signature',
      token: async () => (await issuer.sign()).replace(/[^.]*$/, ''),
      says: /not a signed token/,
    },
    {
      what: 'with a false signature',
      token: async () => (await issuer.sign()).replace(/.{8}$/, 'AAAAAAAA'),
      says: /signature/,
    },
    {
      what: 'signed with HS256',
      token: async () =>
        new SignJWT({ iss: issuer.issuer, aud: 'backend', sub: 'mallory', exp: now() + 60, scp: ['backend-api:read'] })
          .setProtectedHeader({ alg: 'HS256', kid: 'test-key' })
          .sign(new TextEncoder().encode('a secret of thirty-two characters')),
      says: /algorithm is not accepted/,
    },
  ];
  for (const { what, token, says } of refused) {
    test(`token – ${what} – gets 401 invalid_token and the API hears nothing`, async () => {
      const heard = api.events.length;
      const response = await callWith(await token());
      assert.equal(response.status, 401);
      const challenge = response.headers.get('www-authenticate') ?? '';
      assert.match(challenge, /error="invalid_token"/);
      assert.match(challenge, says);
      assert.equal(api.events.length, heard);
    });
  }

  test('token – without the scope – gets 403 insufficient_scope with the scope', async () => {
    const response = await callWith(await issuer.sign({ scp: ['other'] }));
    assert.equal(response.status, 403);
    assert.match(
      response.headers.get('www-authenticate') ?? '',
      /error="insufficient_scope".*scope="backend-api:read"/,
    );
  });

  test('token – scopes in scope instead of scp – is accepted', async () => {
    const response = await callWith(await issuer.sign({ scp: undefined, scope: 'openid backend-api:read' }));
    assert.equal(response.status, 200);
    // The API reads scp only, as Okta writes it: its 403 is an error result, not an answer of this server.
    assert.match(await response.text(), /"isError":true/);
  });

  test('request – Host of another site – gets 403', async () => {
    const { port } = new URL(mcp.url);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const outgoing = request({
        host: '127.0.0.1',
        port,
        path: '/mcp',
        method: 'POST',
        headers: { host: 'evil.example' },
      });
      outgoing
        .on('response', (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end('{}');
    });
    assert.equal(status, 403);
  });

  test('request – Origin of another site – gets 403', async () => {
    const authorization = `Bearer ${await issuer.sign()}`;
    assert.equal((await post(mcp.url, callSweden, { authorization, origin: 'https://evil.example' })).status, 403);
  });

  test('request – body that is no JSON – gets 400 and the server lives on', async () => {
    const authorization = `Bearer ${await issuer.sign()}`;
    assert.equal((await post(mcp.url, '{', { authorization })).status, 400);
    assert.equal((await callWith(await issuer.sign())).status, 200);
  });

  test('request – body of 2 MB – gets 413', async () => {
    const authorization = `Bearer ${await issuer.sign()}`;
    assert.equal((await post(mcp.url, `"${'a'.repeat(2_000_000)}"`, { authorization })).status, 413);
  });

  test('request – another path – gets 404', async () => {
    assert.equal((await fetch(new URL('/', mcp.url))).status, 404);
  });
});

describe('MCP server without what it needs', () => {
  let issuer: TestIssuer;
  before(async () => {
    issuer = await startIssuer();
  });
  after(() => issuer[Symbol.asyncDispose]());

  test('API – refuses the token – is an error result with its text', async () => {
    await using api = await startProgram([apiMain], {
      OKTA_ISSUER: issuer.issuer,
      OKTA_AUDIENCE: 'somebody-else',
      REQUIRED_SCOPES: 'backend-api:read',
      NODE_EXTRA_CA_CERTS: issuer.caFile,
      PORT: '0',
    });
    await using mcp = await startProgram([main, config, '--port', '0'], mcpEnvironment(issuer, api.url));
    const response = await post(mcp.url, callSweden, { authorization: `Bearer ${await issuer.sign()}` });
    const text = await response.text();
    assert.equal(response.status, 200);
    assert.match(text, /"isError":true/);
    assert.match(text, /The API answered 401: Cannot verify the token: its audience is not/);
  });

  test('API – not there – is an error result that says where it was looked for', async () => {
    await using mcp = await startProgram([main, config, '--port', '0'], mcpEnvironment(issuer, 'http://127.0.0.1:1/'));
    const response = await post(mcp.url, callSweden, { authorization: `Bearer ${await issuer.sign()}` });
    assert.match(await response.text(), /Cannot reach the API at http:\/\/127\.0\.0\.1:1\/.*"isError":true/);
  });

  test('issuer – whose CA is not trusted – gets 503 and the log says what to do', async () => {
    const { NODE_EXTRA_CA_CERTS: _, ...environment } = mcpEnvironment(issuer, 'http://127.0.0.1:1/');
    await using mcp = await startProgram([main, config, '--port', '0'], environment);
    const response = await post(mcp.url, callSweden, { authorization: `Bearer ${await issuer.sign()}` });
    assert.equal(response.status, 503);
    assert.equal(response.headers.get('www-authenticate'), null);
    assert.match(mcp.output(), /NODE_EXTRA_CA_CERTS/);
  });

  test('transport.auth.tls.ca_cert – names the CA – is trusted', async () => {
    const { NODE_EXTRA_CA_CERTS: caFile = '', ...environment } = mcpEnvironment(issuer, 'http://127.0.0.1:1/');
    await using mcp = await startProgram([main, config, '--port', '0'], {
      ...environment,
      APOLLO_MCP_TRANSPORT__AUTH__TLS__CA_CERT: caFile,
    });
    assert.equal((await post(mcp.url, callSweden, { authorization: `Bearer ${await issuer.sign()}` })).status, 200);
  });

  test('start – no arguments – says how to use it and ends with code 1', async () => {
    const { code, stderr } = await runProgramToEnd([main], {});
    assert.equal(code, 1);
    assert.match(stderr, /^error: Cannot start the MCP server: expected one configuration file; usage: .*\n$/);
  });

  test('start – operations that are not there – says which and ends with code 1', async () => {
    const { code, stderr } = await runProgramToEnd([main, config], { COUNTRIES_DIR: '/nowhere' });
    assert.equal(code, 1);
    assert.match(stderr, /\/nowhere\/schema\.graphql/);
  });

  test('SIGTERM – with a call the API does not answer – ends at once with code 0', async () => {
    const asked = Promise.withResolvers<void>();
    const silent = createServer(() => asked.resolve());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address() as { port: number };
    const mcp = await startProgram(
      [main, config, '--port', '0'],
      mcpEnvironment(issuer, `http://127.0.0.1:${address.port}/`),
    );
    const open = post(mcp.url, callSweden, { authorization: `Bearer ${await issuer.sign()}` }).then((response) =>
      response.text(),
    );
    await asked.promise;
    const startMs = performance.now();
    const [code] = await Promise.all([mcp.stop(), open.catch(() => undefined)]);
    silent.closeAllConnections();
    silent.close();
    assert.equal(code, 0);
    assert.ok(performance.now() - startMs < 2000);
  });
});
