import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { startTestIdp, type TestIdp } from '../../test/kit/start-test-idp.ts';
import { UsherError } from '../model/usher-error.ts';
import { startIdp } from './start-idp.ts';

describe('development identity provider', () => {
  let idp: TestIdp;
  before(async () => {
    idp = await startTestIdp();
  });
  after(async () => await idp[Symbol.asyncDispose]());

  test('metadata – appended and path-inserted, OAuth and OpenID – is the same document with the exact issuer', async () => {
    for (const { id, issuer } of idp.idp.servers) {
      const { origin } = new URL(issuer);
      const urls = ['oauth-authorization-server', 'openid-configuration'].flatMap((name) => [
        `${issuer}/.well-known/${name}`,
        `${origin}/.well-known/${name}/oauth2/${id}`,
      ]);
      const answers = await Promise.all(urls.map((url) => idp.send(url)));
      for (const { status, body } of answers) {
        assert.equal(status, 200);
        assert.equal(body['issuer'], issuer);
        assert.deepEqual(body, answers[0]?.body);
      }
    }
  });

  test('metadata – of the server people sign in at – has endpoints, S256, iss and published scopes', async () => {
    const { issuer } = idp.server('mcpserver');
    const { body } = await idp.send(`${issuer}/.well-known/oauth-authorization-server`);
    const endpoints = {
      authorization_endpoint: 'authorize',
      token_endpoint: 'token',
      jwks_uri: 'keys',
      introspection_endpoint: 'introspect',
      revocation_endpoint: 'revoke',
      userinfo_endpoint: 'userinfo',
      end_session_endpoint: 'logout',
      registration_endpoint: 'clients',
    };
    for (const [name, path] of Object.entries(endpoints)) assert.equal(body[name], `${issuer}/v1/${path}`);
    assert.deepEqual(body['code_challenge_methods_supported'], ['S256']);
    assert.equal(body['authorization_response_iss_parameter_supported'], true);
    assert.deepEqual(body['scopes_supported'], ['openid', 'profile', 'email', 'offline_access', 'mcp:tools:call']);
    assert.deepEqual(body['id_token_signing_alg_values_supported'], ['RS256']);
  });

  test('metadata – scope that is not published, server without registration – names neither', async () => {
    const { body } = await idp.send(`${idp.server('backend').issuer}/.well-known/openid-configuration`);
    assert.deepEqual(body['scopes_supported'], ['openid', 'profile', 'email', 'offline_access']);
    assert.equal(body['registration_endpoint'], undefined);
  });

  test('server – asked on the other scheme – 404 that says where it is', async () => {
    const answer = await idp.send(`${idp.idp.httpUrl}/oauth2/backend/v1/keys`);
    assert.equal(answer.status, 404);
    assert.equal(
      answer.body['error_description'],
      `Authorization server backend is served at ${idp.server('backend').issuer} only`,
    );
    assert.equal((await idp.send(`${idp.idp.httpsUrl}/oauth2/mcpserver/v1/keys`)).status, 404);
  });

  test('request – for another host name – 421, so that no web page can rebind its name to this one', async () => {
    const { port } = new URL(idp.idp.httpUrl);
    const status = await new Promise((resolve, reject) => {
      request({ port, path: '/oauth2/mcpserver/v1/keys', headers: { host: 'evil.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    assert.equal(status, 421);
  });

  test('request – by address instead of localhost – publishes the issuer all the same', async () => {
    const { port } = new URL(idp.idp.httpUrl);
    const { body } = await idp.send(`http://127.0.0.1:${port}/oauth2/mcpserver/.well-known/openid-configuration`);
    assert.equal(body['token_endpoint'], idp.server('mcpserver').tokenUrl);
    const authorize = await idp.send(`http://127.0.0.1:${port}/oauth2/mcpserver/v1/authorize?client_id=demo`);
    assert.equal(authorize.status, 307);
    assert.equal(authorize.headers.get('location'), `${idp.server('mcpserver').authorizeUrl}?client_id=demo`);
  });

  test('unknown path – 404 that names the servers', async () => {
    const answer = await idp.send(`${idp.idp.httpUrl}/oauth2/nowhere/v1/keys`);
    assert.equal(answer.status, 404);
    assert.match(String(answer.body['error_description']), /mcpserver.*backend/);
  });

  test('front page – both sides – lists servers, people and the authority’s file, and no client secret', async () => {
    for (const url of [idp.idp.httpUrl, idp.idp.httpsUrl]) {
      const answer = await idp.send(`${url}/`);
      assert.equal(answer.status, 200);
      assert.match(answer.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
      for (const text of [idp.server('backend').issuer, 'alice@example.com', idp.idp.caFile]) {
        assert.ok(answer.text.includes(text), text);
      }
      assert.ok(!answer.text.includes('gateway-development-secret'));
    }
  });

  test('sign-out – signed-out page or confirmation – has no script and no frame', async () => {
    const answer = await idp.send(`${idp.server('mcpserver').issuer}/v1/logout/success`);
    assert.equal(answer.status, 200);
    assert.match(answer.text, /You are signed out/);
    assert.match(answer.headers.get('content-security-policy') ?? '', /form-action 'none'/);
  });

  test('certificate – the provider’s authority – is accepted for localhost and 127.0.0.1', async () => {
    const ca = await readFile(idp.idp.caFile);
    const port = Number(new URL(idp.idp.httpsUrl).port);
    for (const servername of ['localhost', '127.0.0.1']) {
      const host = '127.0.0.1';
      const socket = connectTls({ port, host, ca, ...(servername === 'localhost' ? { servername } : {}) });
      await once(socket, 'secureConnect');
      assert.equal(socket.authorized, true);
      socket.destroy();
    }
  });

  test('certificate – without the provider’s authority – is refused', async () => {
    const socket = connectTls({ port: Number(new URL(idp.idp.httpsUrl).port), host: 'localhost' });
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    assert.match(error.code ?? '', /UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)/);
  });
});

test('startIdp – NODE_ENV is production – refuses with a sentence', async (t) => {
  const before_ = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  t.after(() => {
    if (before_ === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = before_;
  });
  await assert.rejects(startIdp({ httpPort: 0, httpsPort: 0, stateDir: '/nonexistent' }), {
    message: /^Cannot start the development identity provider: NODE_ENV is "production"/,
  });
});

test('startIdp – host other machines can reach – refuses with a sentence', async () => {
  for (const host of ['0.0.0.0', '::', '192.168.1.2', 'example.com']) {
    await assert.rejects(startIdp({ host, httpPort: 0, httpsPort: 0, stateDir: '/nonexistent' }), {
      message: new RegExp(`host is "${host}", expected a loopback address`),
    });
  }
});

test('startIdp – app oidc-provider does not take – config_invalid that names it', async () => {
  const started = startTestIdp((seed) => {
    for (const app of seed.apps) if (app.clientId === 'demo') app['redirectUris'] = ['https://localhost/callback'];
  });
  await assert.rejects(started, { message: /^Cannot use the seed: app "demo": redirect_uris for native clients/ });
});

test('startIdp – busy port – port_busy with the address, and the other port is free again', async () => {
  await using first = await startTestIdp();
  const httpPort = Number(new URL(first.idp.httpUrl).port);
  await assert.rejects(
    startIdp({ httpPort, httpsPort: 0, stateDir: first.stateDir }),
    (error: unknown) =>
      error instanceof UsherError && error.code === 'port_busy' && error.message.includes(String(httpPort)),
  );
});

test('startIdp – second start on the same state folder – keeps authority and signing keys', async () => {
  await using first = await startTestIdp();
  const ca = await readFile(first.idp.caFile, 'utf8');
  await using second = await startTestIdp(undefined, { stateDir: first.stateDir });
  assert.equal(await readFile(second.idp.caFile, 'utf8'), ca);
  const [before_, after_] = await Promise.all([
    first.send(first.server('mcpserver').jwksUrl),
    second.send(second.server('mcpserver').jwksUrl),
  ]);
  assert.deepEqual(before_.body, after_.body);
});

test('two providers in one process – each with its own folder – know nothing of each other', async () => {
  await using first = await startTestIdp();
  await using second = await startTestIdp();
  const { body } = await first.signIn('mcpserver');
  const form = { token: String(body['access_token']) };
  const url = `${second.server('mcpserver').issuer}/v1/introspect`;
  const answer = await second.post(url, form, 'vscode:vscode-development-secret');
  assert.deepEqual(answer.body, { active: false });
});

test('close – with idle and half-open connections – ends them at once', async () => {
  await using started = await startTestIdp();
  const socket = connect(Number(new URL(started.idp.httpUrl).port), '127.0.0.1');
  await once(socket, 'connect');
  const beforeHandshake = connect(Number(new URL(started.idp.httpsUrl).port), '127.0.0.1');
  beforeHandshake.on('error', () => undefined);
  await once(beforeHandshake, 'connect');
  socket.write('POST /oauth2/mcpserver/v1/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\ngrant');
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const startedMs = performance.now();
  await started.idp.close();
  await closed;
  assert.ok(performance.now() - startedMs < 1000);
});
