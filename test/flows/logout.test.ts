import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { clientName } from '../../src/credentials/operator-login/login-client.ts';
import { Secret } from '../../src/model/secret.ts';
import { openSecretStore } from '../../src/secrets/open-secret-store.ts';
import { makeFolder } from '../kit/config-input.ts';
import { followOnDevice, startLoginProgram } from '../kit/login-program.ts';
import { runUsher } from '../kit/run-usher.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { startLoginIssuer } from '../kit/start-login-lab.ts';
import { startTestIdp, type AuthorizeRequest, type TestIdp } from '../kit/start-test-idp.ts';

describe('usher logout', () => {
  let idp: TestIdp;
  before(async () => {
    idp = await startTestIdp((seed) => {
      seed['lifetimes'] = { devicePollSeconds: 1 };
    });
  });
  after(() => idp[Symbol.asyncDispose]());

  const issuer = () => idp.server('mcpserver').issuer;
  const environment = (context: TestContext) => ({ HOME: makeFolder(context), USHER_SECRETS_KEY: 'file' });

  /** A login as the gateway keeps it, with tokens of the provider. */
  async function signIn(env: Record<string, string>, request: AuthorizeRequest = {}) {
    const { body } = await idp.signIn('mcpserver', { scope: 'openid email mcp:tools:call offline_access', ...request });
    const login = {
      version: 1,
      issuer: issuer(),
      clientId: request.clientId ?? 'demo',
      accessToken: String(body['access_token']),
      refreshToken: String(body['refresh_token']),
      expiresAtMs: Date.now() + 3_600_000,
      personName: 'alice@example.com',
      servers: ['countries'],
    };
    await keep(env, `localhost.${login.clientId}`, login);
    return login;
  }
  const keep = async (env: Record<string, string>, name: string, login: object) =>
    await openSecretStore(env).put(`login/${name}`, new Secret(JSON.stringify(login)));
  const namesIn = (env: Record<string, string>) =>
    openSecretStore(env)
      .list()
      .map(({ name }) => name);

  const refresh = async (refreshToken: string, credentials?: string) =>
    await idp.post(
      idp.server('mcpserver').tokenUrl,
      {
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
        ...(credentials === undefined ? { client_id: 'demo' } : {}),
      },
      credentials,
    );
  const isActive = async (token: string) =>
    (await idp.post(`${issuer()}/v1/introspect`, { token }, 'gateway:gateway-development-secret')).body['active'];

  test('of who signed in with usher proxy, by the name of the server – taken back there, forgotten here, asked anew', async (context) => {
    await using behind = await startHttpServer((_, response) => sendJson(response, 200, {}));
    const env = environment(context);
    const start = () =>
      startLoginProgram(context, {
        name: 'countries',
        target: behind.url,
        home: env.HOME,
        flags: `--remote-auth-flow device --remote-auth-client-id demo --remote-auth-issuer ${issuer()}
          --remote-auth-scopes mcp:tools:call,openid,email,offline_access`,
      });
    const usher = start();
    await followOnDevice(usher);
    await usher.ready();
    usher.child.kill('SIGTERM');
    await usher.exited;
    const [name = ''] = namesIn(env).filter((one) => one.startsWith('login/'));
    const kept = JSON.parse(openSecretStore(env).find(name)?.reveal() ?? '{}') as Record<string, string>;
    assert.equal(await isActive(kept['accessToken'] ?? ''), true);

    const { code, stdout, stderr } = await runUsher(context, ['logout', 'countries'], { env });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^http\S+\/oauth2\/mcpserver \(alice@example\.com\): signed out; the tokens were taken back/);
    assert.ok(!namesIn(env).includes(name));
    assert.ok(namesIn(env).includes('caller/countries'), 'clients keep what they have');
    assert.equal((await refresh(kept['refreshToken'] ?? '')).body['error'], 'invalid_grant');
    assert.equal(await isActive(kept['accessToken'] ?? ''), false);
    for (const token of [kept['accessToken'], kept['refreshToken']])
      assert.ok(token !== undefined && !(stdout + stderr).includes(token));
    await start().said('and give the code', 60_000);
  });

  test('a client with a secret, which is not given – forgotten all the same, said so, exit code 7', async (context) => {
    const env = environment(context);
    const vscode = {
      clientId: 'vscode',
      clientSecret: 'vscode-development-secret',
      redirectUri: 'http://127.0.0.1:33418',
    };
    const { refreshToken } = await signIn(env, vscode);
    const { code, stdout, stderr } = await runUsher(context, ['logout', '--all'], { env });
    assert.equal(code, 7);
    assert.match(stdout, /forgotten here; taking the tokens back at the provider failed/);
    assert.match(stderr, /warning: the provider answered invalid_client.*or end the session in the provider's console/);
    assert.deepEqual(namesIn(env), []);
    assert.equal((await refresh(refreshToken, 'vscode:vscode-development-secret')).status, 200);
  });

  for (const way of ['a file', 'the environment'] as const) {
    test(`a client whose secret is in ${way} – taken back`, async (context) => {
      const env = environment(context);
      const vscode = {
        clientId: 'vscode',
        clientSecret: 'vscode-development-secret',
        redirectUri: 'http://127.0.0.1:33418',
      };
      const { refreshToken } = await signIn(env, vscode);
      const file = join(env.HOME, 'secret.txt');
      writeFileSync(file, `${vscode.clientSecret}\n`, { mode: 0o600 });
      const isFile = way === 'a file';
      const { code, stdout, stderr } = await runUsher(
        context,
        ['logout', issuer(), ...(isFile ? ['--remote-auth-client-secret-file', file] : [])],
        { env: isFile ? env : { ...env, USHER_REMOTE_AUTH_CLIENT_SECRET: vscode.clientSecret } },
      );
      assert.equal(code, 0, stderr);
      assert.match(stdout, /signed out; the tokens were taken back/);
      assert.equal((await refresh(refreshToken, 'vscode:vscode-development-secret')).body['error'], 'invalid_grant');
      assert.ok(!(stdout + stderr).includes(vscode.clientSecret));
    });
  }

  test('a secret, and logins of clients at two issuers – nobody gets it, and nobody is signed out', async (context) => {
    await using other = await startLoginIssuer();
    other.metadata = { revocation_endpoint: `${other.issuer}/revoke` };
    const env = environment(context);
    const login = { version: 1, clientId: 'vscode', accessToken: 'a', refreshToken: 'r' };
    await keep(env, 'localhost.x', { ...login, issuer: issuer() });
    await keep(env, '127.0.0.1.x', { ...login, issuer: other.issuer });
    const withSecret = { ...env, USHER_REMOTE_AUTH_CLIENT_SECRET: 'vscode-development-secret' };
    const { code, stderr } = await runUsher(context, ['logout', '--all'], { env: withSecret });
    assert.equal(code, 2);
    assert.match(stderr, /USHER_REMOTE_AUTH_CLIENT_SECRET: is of one client, and these are of 2: login\//);
    assert.deepEqual(other.tokens.server.seen, []);
    assert.equal(namesIn(env).length, 2);
  });

  test('a secret, and a login that was got without one, at another issuer – is not sent there', async (context) => {
    await using other = await startLoginIssuer();
    other.metadata = { revocation_endpoint: `${other.issuer}/revoke` };
    const env = environment(context);
    const login = { version: 1, issuer: other.issuer, clientId: 'vscode', accessToken: 'a', hasSecret: false };
    await keep(env, '127.0.0.1.x', login);
    const withSecret = { ...env, USHER_REMOTE_AUTH_CLIENT_SECRET: 'vscode-development-secret' };
    await runUsher(context, ['logout', '--all'], { env: withSecret });
    const sent = other.tokens.server.seen.map(({ headers, body }) => `${headers.authorization ?? ''} ${body}`);
    assert.ok(sent.length > 1);
    assert.deepEqual(
      sent.filter((text) => /Basic|client_secret/.test(text)),
      [],
    );
  });

  test('a client that another server gave the same id – is told no secret of the one Usher registered', async (context) => {
    await using other = await startLoginIssuer();
    other.metadata = { revocation_endpoint: `${other.issuer}/revoke` };
    const env = environment(context);
    const registered = {
      clientId: 'same',
      clientSecret: 'of-the-first',
      redirectUri: 'http://localhost:8666/callback',
    };
    const name = clientName({ issuer: issuer(), way: registered.redirectUri });
    await openSecretStore(env).put(name, new Secret(JSON.stringify(registered)));
    await keep(env, '127.0.0.1.x', { version: 1, issuer: other.issuer, clientId: 'same', accessToken: 'a' });
    await runUsher(context, ['logout', '--all'], { env });
    const sent = other.tokens.server.seen.map(({ body }) => body).join('\n');
    assert.match(sent, /client_id=same/);
    assert.ok(!sent.includes('of-the-first'));
  });

  test('a provider without such an endpoint – forgotten here, and until when the token is good', async (context) => {
    await using other = await startLoginIssuer();
    const env = environment(context);
    const expiresAtMs = Date.parse('2100-01-01T00:00:00Z');
    const login = { version: 1, issuer: other.issuer, clientId: 'a', accessToken: 'token', expiresAtMs };
    await keep(env, '127.0.0.1.x', login);
    const { code, stdout } = await runUsher(context, ['logout', '127.0.0.1.x'], { env });
    assert.equal(code, 0);
    assert.match(stdout, /forgotten here; the provider has no endpoint .*RFC 7009.*good until 2100-01-01T00:00:00Z/);
    assert.deepEqual(namesIn(env), []);
  });

  test('a provider that keeps access tokens good – said, with the refresh token taken back', async (context) => {
    await using other = await startLoginIssuer();
    other.metadata = { revocation_endpoint: `${other.issuer}/revoke` };
    const [usual, asked] = [other.tokens.onOther, [] as string[]];
    other.tokens.onOther = (request, response) => {
      if (!request.url.endsWith('/revoke')) return usual(request, response);
      const hint = new URLSearchParams(request.body).get('token_type_hint') ?? '';
      asked.push(hint);
      if (hint === 'access_token') sendJson(response, 400, { error: 'unsupported_token_type' });
      else response.writeHead(200).end();
      return true;
    };
    const env = environment(context);
    const expiresAtMs = Date.parse('2100-01-01T00:00:00Z');
    const login = { version: 1, issuer: other.issuer, clientId: 'a', accessToken: 'a', refreshToken: 'r', expiresAtMs };
    await keep(env, '127.0.0.1.x', login);
    const { code, stdout } = await runUsher(context, ['logout', '--all'], { env });
    assert.equal(code, 0);
    assert.deepEqual(asked, ['refresh_token', 'access_token']);
    assert.match(stdout, /taken back.*the access token cannot be taken back and is good until 2100/);
  });

  test('a provider that cannot be reached – forgotten here, exit code 7', async (context) => {
    const env = environment(context);
    const login = { version: 1, issuer: 'http://127.0.0.1:1', clientId: 'a', accessToken: 'a' };
    await keep(env, '127.0.0.1.x', login);
    const { code, stdout, stderr } = await runUsher(context, ['logout', '--all'], { env });
    assert.equal(code, 7);
    assert.match(stdout, /forgotten here; taking the tokens back at the provider failed/);
    assert.match(stderr, /cannot be reached/);
    assert.deepEqual(namesIn(env), []);
  });

  test('no name, or one that is nobody’s – says who is signed in, and nobody is signed out', async (context) => {
    const env = environment(context);
    await signIn(env);
    for (const [words, wanted] of [
      [
        ['logout'],
        /NAME: is missing, or --all; there are login\/localhost\.demo \(signed in at http\S+ as alice@example\.com, for countries\)/,
      ],
      [['logout', 'contries'], /NAME: is "contries", expected a server, an issuer or a login; there are/],
      [['logout', 'countries', '--all'], /--all: is given beside names/],
    ] as const) {
      const { code, stderr } = await runUsher(context, [...words], { env });
      assert.equal(code, 2);
      assert.match(stderr, wanted);
    }
    assert.deepEqual(namesIn(env), ['login/localhost.demo']);
    const nobody = await runUsher(context, ['logout', '--all'], { env: environment(context) });
    assert.deepEqual([nobody.code, nobody.stderr.trim()], [0, 'Nobody is signed in']);
  });
});
