import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { request } from 'node:http';
import { once } from 'node:events';
import { claimsOf } from '../kit/start-test-idp.ts';
import { errorOf, FacadeVisitor, loopback, onwardTo, tokensOf, type Seen } from '../shield/facade-visitor.ts';
import { facadeClient, startShieldLab } from '../shield/start-shield-lab.ts';
import { useFacade } from '../shield/use-facade.ts';

/** A confused deputy (MCP security best practices): Usher is one client at the provider for many clients of its own, and none of
 * them may get there what a person gave to another, or to nobody.
 */
describe('the façade', () => {
  const facade = useFacade();
  const { visit, heard } = facade;

  function assertRefusedPage(seen: Seen, status: number, words: RegExp): void {
    assert.equal(seen.status, status, seen.text);
    assert.equal(seen.headers.get('location'), null);
    assert.doesNotMatch(seen.text, /http-equiv="refresh"/);
    assert.match(seen.text, words);
  }

  describe('consent', () => {
    test('a sign-in that begins – shows who asks and where it leads, and sends nobody to the provider', async () => {
      const visitor = visit();
      const client = await visitor.registered();
      const page = await visitor.open(visitor.authorizeUrl(client));
      assert.equal(page.status, 200);
      assert.equal(page.headers.get('location'), null);
      assert.equal(onwardTo(page), '');
      for (const words of ['Test client', loopback, 'mcp:tools:call', 'this computer', 'Nobody has checked'])
        assert.ok(page.text.includes(words), words);
    });

    test('a browser that agreed to a client, signed in at the provider – is asked again, for that client and for another', async () => {
      const visitor = visit();
      const client = await visitor.registered();
      assert.notEqual(await visitor.toCode(client), '');
      for (const next of [client, await visitor.registered({ client_name: 'Another' })]) {
        const page = await visitor.open(visitor.authorizeUrl(next, { prompt: undefined }));
        assert.deepEqual([page.status, onwardTo(page)], [200, '']);
      }
    });

    test('the page – cannot be framed, kept, scripted, or post its form elsewhere', async () => {
      const visitor = visit();
      const { headers, text } = await visitor.open(visitor.authorizeUrl(await visitor.registered()));
      const policy = headers.get('content-security-policy') ?? '';
      for (const part of ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"])
        assert.ok(policy.includes(part), policy);
      assert.equal(headers.get('x-frame-options'), 'DENY');
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.doesNotMatch(text, /<script|\son\w+=|src="http/);
    });

    test('a form that another page sends – 403, whatever cookies come along', async () => {
      const visitor = visit();
      const page = await visitor.open(visitor.authorizeUrl(await visitor.registered()));
      assertRefusedPage(await visitor.answer(page, 'allow', { origin: 'https://evil.example' }), 403, /another page/);
      assertRefusedPage(await visitor.answer(page, 'allow', { 'sec-fetch-site': 'cross-site' }), 403, /another page/);
    });

    test('a form that was shown to another browser – refused, also with a cookie of this one', async () => {
      const [attacker, victim] = [visit(), visit()];
      const client = await attacker.registered();
      const page = await attacker.open(attacker.authorizeUrl(client));
      assertRefusedPage(await victim.answer(page, 'allow'), 400, /another browser/);
      await victim.open(victim.authorizeUrl(client));
      assertRefusedPage(await victim.answer(page, 'allow'), 400, /another browser/);
    });

    test('a form that was answered – is not taken again', async () => {
      const visitor = visit();
      const page = await visitor.open(visitor.authorizeUrl(await visitor.registered()));
      assert.equal((await visitor.answer(page, 'allow')).status, 200);
      assertRefusedPage(await visitor.answer(page, 'allow'), 400, /answered already/);
    });

    test('a form older than ten minutes – refused', async () => {
      const visitor = visit();
      const page = await visitor.open(visitor.authorizeUrl(await visitor.registered()));
      facade.lab.clock.aheadMs = 601_000;
      assertRefusedPage(await visitor.answer(page, 'allow'), 400, /too old/);
      facade.lab.clock.aheadMs = 0;
    });

    test('no – goes back to the client as access_denied, and the provider hears nothing', async () => {
      const visitor = visit();
      const page = await visitor.open(visitor.authorizeUrl(await visitor.registered()));
      const heardBefore = heard();
      const target = new URL(onwardTo(await visitor.answer(page, 'deny')));
      assert.ok(target.href.startsWith(`${loopback}?`));
      const { error, state, iss } = Object.fromEntries(target.searchParams);
      assert.deepEqual([error, state, iss], ['access_denied', 'state-of-the-client', visitor.base]);
      assert.equal(heard(), heardBefore);
    });

    test('a client with a false name and a logo – the name is text, cut and without tricks; the logo is not there', async () => {
      const visitor = visit();
      const client = await visitor.registered({
        client_name: `<img src=x onerror=alert(1)>\u202egnp.exe ${'long '.repeat(40)}`,
        logo_uri: 'https://evil.example/logo.png',
        client_uri: 'https://evil.example/',
      });
      const { text } = await visitor.open(visitor.authorizeUrl(client));
      assert.doesNotMatch(text, /<img|\u202e|evil\.example/);
      assert.ok(text.includes('&lt;img src=x'));
      assert.doesNotMatch(text, /(?:long ){20}/);
    });
  });

  describe('state', () => {
    test('what the provider gets – is set when the person agreed, not before, and differs each time', async () => {
      const visitor = visit();
      const page = await visitor.open(visitor.authorizeUrl(await visitor.registered()));
      assert.ok(!page.headers.getSetCookie().some((line) => line.includes('sign-in')));
      const onward = await visitor.answer(page, 'allow');
      assert.equal(onward.headers.getSetCookie().filter((line) => line.includes('sign-in')).length, 1);
      const { searchParams } = new URL(onwardTo(onward));
      assert.match(searchParams.get('state') ?? '', /^[\w-]{43}$/);
      assert.notEqual(searchParams.get('state'), 'state-of-the-client');
    });

    test('an answer of the provider in a browser that agreed to nothing – refused, and the code goes nowhere', async () => {
      const attacker = visit();
      const client = await attacker.registered();
      const callback = await attacker.toCallback(client);
      assertRefusedPage(await visit().open(callback), 400, /another browser/);
      // And in one that agreed to something else.
      const victim = visit();
      await victim.answer(await victim.open(victim.authorizeUrl(client)), 'allow');
      assertRefusedPage(await victim.open(callback), 400, /another browser/);
    });

    test('an answer of the provider – is taken once, also with the cookie at hand', async () => {
      const visitor = visit();
      const callback = await visitor.toCallback(await visitor.registered());
      const kept = visitor.jar.header(new URL(callback)) ?? '';
      assert.equal((await visitor.open(callback)).status, 303);
      assertRefusedPage(await visitor.send(callback, { headers: { cookie: kept } }), 400, /has ended/);
    });

    test('an answer that names another issuer, or none – server_error for the client, and no code', async () => {
      for (const iss of ['https://evil.example', undefined]) {
        const visitor = visit();
        const callback = new URL(await visitor.toCallback(await visitor.registered()));
        if (iss === undefined) callback.searchParams.delete('iss');
        else callback.searchParams.set('iss', iss);
        const back = await visitor.open(callback.href);
        assert.equal(errorOf(back), 'server_error');
        assert.equal(new URL(back.headers.get('location') ?? '').searchParams.get('code'), null);
      }
    });

    test('many sign-ins in one browser – its cookies do not grow without end', async () => {
      const visitor = visit();
      const client = await visitor.registered();
      for (let count = 0; count < 12; count += 1)
        await visitor.answer(await visitor.open(visitor.authorizeUrl(client)), 'allow');
      const kept = (visitor.jar.header(new URL(visitor.base)) ?? '').split('; ');
      assert.ok(kept.filter((cookie) => cookie.includes('sign-in')).length <= 4, `${kept.length} cookies`);
    });
  });

  describe('redirect URIs', () => {
    for (const uri of [
      'http://evil.example/callback',
      'https://evil.example/callback',
      'https://vscode.dev/redirect/../evil',
      'https://vscode.dev/redirect?next=https://evil.example',
      'http://127.0.0.1.evil.example/',
      'http://evil.localhost/',
      'http://user@127.0.0.1/callback',
      'http://127.0.0.1/callback#fragment',
      'javascript:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
      'evil://callback',
      '/callback',
      'http://127.0.0.1\\@evil.example/',
      ' http://127.0.0.1/',
    ]) {
      test(`a registration with ${JSON.stringify(uri)} – refused`, async () => {
        const seen = await visit().register({ redirect_uris: [loopback, uri] });
        assert.deepEqual([seen.status, errorOf(seen)], [400, 'invalid_redirect_uri']);
      });
    }

    for (const uri of [
      'http://127.0.0.1:41999/callback/',
      'http://127.0.0.1:41999/callback?x=1',
      'http://127.0.0.1:41999/Callback',
      'http://localhost:41999/callback',
      'https://127.0.0.1:41999/callback',
      'http://127.0.0.1:41999@evil.example/callback',
      'http://127.0.0.1:41999/callback#x',
      'http://127.1:41999/callback',
      'https://vscode.dev/redirect',
      'https://evil.example/',
    ]) {
      test(`a sign-in that leads to ${uri}, registered otherwise – a page, and nobody is sent there`, async () => {
        const visitor = visit();
        const client = await visitor.registered();
        assertRefusedPage(
          await visitor.open(visitor.authorizeUrl(client, { redirect_uri: uri })),
          400,
          /did not register/,
        );
      });
    }

    test('another port of this machine – is taken, as a program takes one that is free', async () => {
      const visitor = visit();
      const client = await visitor.registered();
      const moved = 'http://127.0.0.1:52000/callback';
      const page = await visitor.open(visitor.authorizeUrl(client, { redirect_uri: moved }));
      assert.ok(page.status === 200 && page.text.includes(moved));
    });

    test('a client that is not registered – a page, and nobody is sent anywhere', async () => {
      const visitor = visit();
      const client = await visitor.registered();
      for (const id of ['unknown', undefined, `${client.id.slice(0, -8)}AAAAAAAA`]) {
        assertRefusedPage(
          await visitor.open(visitor.authorizeUrl(client, { client_id: id })),
          400,
          /not registered here/,
        );
      }
    });

    test('a registration of another façade – is none here, though the key is the same', async () => {
      await using other = await startShieldLab({ facade: true });
      const there = new FacadeVisitor(other);
      const visitor = visit();
      const { status } = await visitor.open(visitor.authorizeUrl(await there.registered()));
      assert.equal(status, 400);
    });

    test('a registration that is over – has to be made anew', async () => {
      const visitor = visit();
      const client = await visitor.registered();
      facade.lab.clock.aheadMs = 366 * 86_400_000;
      const [page, seen] = [await visitor.open(visitor.authorizeUrl(client)), await visitor.refresh(client, 'x')];
      facade.lab.clock.aheadMs = 0;
      assert.deepEqual([page.status, seen.status, errorOf(seen)], [400, 401, 'invalid_client']);
    });

    test('registrations that are too large – refused', async () => {
      const many = Array.from({ length: 11 }, (_, index) => `http://127.0.0.1/${index}`);
      assert.equal(errorOf(await visit().register({ redirect_uris: many })), 'invalid_redirect_uri');
      const long = Array.from({ length: 10 }, (_, index) => `http://127.0.0.1/${index}${'x'.repeat(400)}`);
      assert.equal(errorOf(await visit().register({ redirect_uris: long })), 'invalid_client_metadata');
      assert.equal((await visit().register({ redirect_uris: [loopback], padding: 'x'.repeat(20_000) })).status, 413);
      assert.equal(errorOf(await visit().register('[]')), 'invalid_client_metadata');
    });
  });

  describe('PKCE, codes and tokens', () => {
    for (const changes of [
      { code_challenge: undefined },
      { code_challenge_method: 'plain' },
      { code_challenge_method: undefined },
      { code_challenge: 'short' },
    ]) {
      test(`a sign-in with ${JSON.stringify(changes, (_, value: unknown) => value ?? null)} – invalid_request, with iss`, async () => {
        const visitor = visit();
        const seen = await visitor.open(visitor.authorizeUrl(await visitor.registered(), changes));
        assert.equal(errorOf(seen), 'invalid_request');
        assert.equal(new URL(seen.headers.get('location') ?? '').searchParams.get('iss'), visitor.base);
      });
    }

    test('the provider – gets a proof of the façade, not the one of the client', async () => {
      const visitor = visit();
      const url = visitor.authorizeUrl(await visitor.registered());
      const { searchParams } = new URL(onwardTo(await visitor.answer(await visitor.open(url), 'allow')));
      assert.equal(searchParams.get('code_challenge_method'), 'S256');
      assert.notEqual(searchParams.get('code_challenge'), new URL(url).searchParams.get('code_challenge'));
      assert.equal(searchParams.get('client_id'), facadeClient.id);
    });

    test('a code – with another verifier, another client, another redirect URI: invalid_grant, and the provider hears nothing', async () => {
      const visitor = visit();
      const [client, thief] = [await visitor.registered(), await visitor.registered({ client_name: 'Thief' })];
      const code = await visitor.toCode(client);
      const heardBefore = heard();
      for (const [who, changes] of [
        [client, { code_verifier: 'x'.repeat(43) }],
        [client, { code_verifier: undefined }],
        [client, { redirect_uri: 'http://127.0.0.1:1/callback' }],
        [{ ...thief, verifier: client.verifier }, {}],
      ] as const) {
        assert.equal(errorOf(await visitor.redeem(who, code, changes)), 'invalid_grant');
      }
      assert.equal(heard(), heardBefore);
      assert.equal((await visitor.redeem(client, code)).status, 200);
    });

    test('a code – is good once, and for a minute', async () => {
      const visitor = visit();
      const client = await visitor.registered();
      const code = await visitor.toCode(client);
      assert.equal((await visitor.redeem(client, code)).status, 200);
      const heardBefore = heard();
      assert.equal(errorOf(await visitor.redeem(client, code)), 'invalid_grant');
      assert.equal(heard(), heardBefore);
      const late = await visitor.toCode(client);
      facade.lab.clock.aheadMs = 61_000;
      assert.equal(errorOf(await visitor.redeem(client, late)), 'invalid_grant');
      facade.lab.clock.aheadMs = 0;
    });

    test('what the client gets – the access token alone: no ID token, and a refresh token that the provider would not take', async () => {
      const visitor = visit();
      const client = await visitor.registered();
      const tokens = await visitor.tokens(client);
      assert.deepEqual(Object.keys(tokens).toSorted(), [
        'access_token',
        'expires_in',
        'refresh_token',
        'scope',
        'token_type',
      ]);
      assert.equal(claimsOf(tokens['access_token'])['aud'], 'mcpserver');
      const { tokenUrl } = facade.lab.idp.server('mcpserver');
      const stolen = { grant_type: 'refresh_token', refresh_token: tokens['refresh_token'] ?? '' };
      const answer = await facade.lab.idp.post(tokenUrl, stolen, `${facadeClient.id}:${facadeClient.secret}`);
      assert.equal(answer.body['error'], 'invalid_grant');
    });

    test('a refresh token – of another client, or used before: invalid_grant', async () => {
      const visitor = visit();
      const [client, thief] = [await visitor.registered(), await visitor.registered({ client_name: 'Thief' })];
      const { refresh_token: token = '' } = await visitor.tokens(client);
      assert.equal(errorOf(await visitor.refresh(thief, token)), 'invalid_grant');
      const next = await visitor.refresh(client, token);
      assert.equal(next.status, 200, next.text);
      assert.equal(errorOf(await visitor.refresh(client, token)), 'invalid_grant');
      const { refresh_token: another = '' } = tokensOf(next);
      assert.equal((await visitor.refresh(client, another)).status, 200);
    });

    test('what is sealed for one use – does not open for another', async () => {
      const visitor = visit();
      const client = await visitor.registered();
      const code = await visitor.toCode(client);
      assert.equal(errorOf(await visitor.refresh(client, code)), 'invalid_grant');
      assert.equal(errorOf(await visitor.redeem(client, client.id)), 'invalid_grant');
    });

    test('another resource – invalid_target, at the sign-in and at the token endpoint', async () => {
      const visitor = visit();
      const client = await visitor.registered();
      const seen = await visitor.open(visitor.authorizeUrl(client, { resource: 'https://other.example/mcp' }));
      assert.equal(errorOf(seen), 'invalid_target');
      const code = await visitor.toCode(client);
      assert.equal(
        errorOf(await visitor.redeem(client, code, { resource: 'https://other.example/mcp' })),
        'invalid_target',
      );
    });

    test('scopes of other services – are not asked for at the provider', async () => {
      const visitor = visit();
      const url = visitor.authorizeUrl(await visitor.registered(), { scope: 'mcp:tools:call backend-api:read openid' });
      const { searchParams } = new URL(onwardTo(await visitor.answer(await visitor.open(url), 'allow')));
      assert.equal(searchParams.get('scope'), 'mcp:tools:call');
    });

    test('a parameter that is there twice – refused', async () => {
      const visitor = visit();
      const url = visitor.authorizeUrl(await visitor.registered());
      assertRefusedPage(await visitor.open(`${url}&redirect_uri=https://evil.example/`), 400, /twice/);
      const seen = await visitor.send(`${visitor.base}/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: 'grant_type=refresh_token&grant_type=authorization_code',
      });
      assert.equal(errorOf(seen), 'invalid_request');
    });
  });

  test('a page whose name was rebound to this address – 403 at every address of the façade', async () => {
    const { port } = new URL(facade.lab.gateway.url);
    for (const path of ['/authorize', '/token', '/register', '/callback', '/consent']) {
      const isPost = ['/token', '/register', '/consent'].includes(path);
      const sent = request({
        host: '127.0.0.1',
        port,
        path: `/oauth/countries${path}`,
        method: isPost ? 'POST' : 'GET',
        headers: { host: 'evil.example' },
      }).end();
      const [response] = (await once(sent, 'response')) as [{ statusCode: number; resume(): void }];
      response.resume();
      assert.equal(response.statusCode, 403, path);
    }
  });

  test('all that was logged – holds no code, no token, no secret', async () => {
    const visitor = visit();
    const client = await visitor.registered();
    const code = await visitor.toCode(client);
    const tokens = tokensOf(await visitor.redeem(client, code));
    const logged = facade.lab.gateway.logged.join('\n');
    for (const secret of [code, tokens['access_token'], tokens['refresh_token'], facadeClient.secret, client.verifier])
      assert.ok(secret !== undefined && !logged.includes(secret));
    assert.match(logged, /A client registered itself/);
  });
});
