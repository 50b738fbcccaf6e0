import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { consentPage } from './consent-page.ts';
import { errorPage } from './error-page.ts';
import { landingPage } from './landing-page.ts';
import { signInPage } from './sign-in-page.ts';
import { signedOutPage } from './signed-out-page.ts';

const hostile = `"><script>alert('1')</script><img src=x onerror=alert(1)>&amp;`;
const escaped = '&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&amp;amp;';

const users = [{ login: 'alice@example.com', password: 'alice-pw', name: 'Alice' }];
const signIn = { org: 'Org', app: 'App', scopes: ['openid'], action: '/interaction/1', csrf: 'c', users };
const consent = {
  org: 'Org',
  app: 'App',
  user: { name: 'Alice', login: 'alice@example.com' },
  scopes: [{ name: 'openid', description: 'Know who you are' }],
  redirectHost: '127.0.0.1:33418',
  action: '/interaction/1',
  csrf: 'c',
};
const server = {
  id: 's',
  name: 'Server',
  issuer: 'http://localhost:1/oauth2/s',
  audience: 'aud',
  jwksUrl: 'http://localhost:1/oauth2/s/v1/keys',
  tokenUrl: 'http://localhost:1/oauth2/s/v1/token',
  authorizeUrl: 'http://localhost:1/oauth2/s/v1/authorize',
  scopes: ['read'],
};
const app = { clientId: 'id', clientSecret: 'do-not-show', label: 'App', redirectUris: ['http://127.0.0.1:33418'] };
const landing = {
  org: 'Org',
  servers: [server],
  apps: [app],
  users,
  caFile: '/state/ca.pem',
  httpUrl: 'http://localhost:1',
  httpsUrl: 'https://localhost:2',
};
const failure = { title: 'Title', detail: 'Detail', requestId: 'r' };

const pages: Readonly<Record<string, string>> = {
  'sign-in page': signInPage({ ...signIn, loginHint: 'alice', error: 'Wrong.' }),
  'consent page': consentPage(consent),
  'error page': errorPage(failure),
  'landing page': landingPage(landing),
  'signed-out page': signedOutPage({ org: 'Org' }),
};

/** Every field a person or a client can write into, each set to the hostile text by itself. */
const hostilePages: Readonly<Record<string, string>> = {
  'sign-in org': signInPage({ ...signIn, org: hostile }),
  'sign-in app': signInPage({ ...signIn, app: hostile }),
  'sign-in scope': signInPage({ ...signIn, scopes: [hostile] }),
  'sign-in loginHint': signInPage({ ...signIn, loginHint: hostile }),
  'sign-in error': signInPage({ ...signIn, error: hostile }),
  'sign-in action': signInPage({ ...signIn, action: hostile }),
  'sign-in csrf': signInPage({ ...signIn, csrf: hostile }),
  'sign-in user login': signInPage({ ...signIn, users: [{ login: hostile, password: 'p', name: 'n' }] }),
  'sign-in user password': signInPage({ ...signIn, users: [{ login: 'l', password: hostile, name: 'n' }] }),
  'sign-in user name': signInPage({ ...signIn, users: [{ login: 'l', password: 'p', name: hostile }] }),
  'consent org': consentPage({ ...consent, org: hostile }),
  'consent app': consentPage({ ...consent, app: hostile }),
  'consent user name': consentPage({ ...consent, user: { ...consent.user, name: hostile } }),
  'consent user login': consentPage({ ...consent, user: { ...consent.user, login: hostile } }),
  'consent scope name': consentPage({ ...consent, scopes: [{ name: hostile }] }),
  'consent scope description': consentPage({ ...consent, scopes: [{ name: 'n', description: hostile }] }),
  'consent redirectHost': consentPage({ ...consent, redirectHost: hostile }),
  'consent action': consentPage({ ...consent, action: hostile }),
  'consent csrf': consentPage({ ...consent, csrf: hostile }),
  'error title': errorPage({ ...failure, title: hostile }),
  'error detail': errorPage({ ...failure, detail: hostile }),
  'error requestId': errorPage({ ...failure, requestId: hostile }),
  'landing org': landingPage({ ...landing, org: hostile }),
  'landing server name': landingPage({ ...landing, servers: [{ ...server, name: hostile }] }),
  'landing issuer': landingPage({ ...landing, servers: [{ ...server, issuer: hostile }] }),
  'landing audience': landingPage({ ...landing, servers: [{ ...server, audience: hostile }] }),
  'landing jwksUrl': landingPage({ ...landing, servers: [{ ...server, jwksUrl: hostile }] }),
  'landing scope': landingPage({ ...landing, servers: [{ ...server, scopes: [hostile] }] }),
  'landing clientId': landingPage({ ...landing, apps: [{ ...app, clientId: hostile }] }),
  'landing app label': landingPage({ ...landing, apps: [{ ...app, label: hostile }] }),
  'landing redirect URI': landingPage({ ...landing, apps: [{ ...app, redirectUris: [hostile] }] }),
  'landing user login': landingPage({ ...landing, users: [{ login: hostile, password: 'p', name: 'n' }] }),
  'landing user password': landingPage({ ...landing, users: [{ login: 'l', password: hostile, name: 'n' }] }),
  'landing user name': landingPage({ ...landing, users: [{ login: 'l', password: 'p', name: hostile }] }),
  'landing httpUrl': landingPage({ ...landing, httpUrl: hostile }),
  'landing httpsUrl': landingPage({ ...landing, httpsUrl: hostile }),
  'signed-out org': signedOutPage({ org: hostile }),
};

describe('every page', () => {
  for (const [name, page] of Object.entries(pages)) {
    test(`${name} – whole – is one HTML document`, () => {
      assert.match(page, /^<!doctype html>\n<html lang="en">/);
      assert.equal(page.match(/<h1>/g)?.length, 1);
      assert.match(page, /<meta name="viewport" content="width=device-width, initial-scale=1" \/>/);
    });

    test(`${name} – scanned – has no script, handler, inline style or outside resource`, () => {
      assert.doesNotMatch(page, /<script|\son\w+=|\sstyle=|javascript:|@import|url\(|<iframe|<object/i);
      for (const [, source] of page.matchAll(/<link[^>]*href="([^"]*)"/g)) assert.match(source ?? '', /^data:/);
    });

    test(`${name} – read by a person – says that it is for development`, () => {
      assert.ok(page.includes('Development sign-in — passwords here are not secret'));
    });

    test(`${name} – tags – each is closed`, () => {
      const open: string[] = [];
      for (const [, close, tag = '', self] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*?(\/?)>/g)) {
        if (close === '/') assert.equal(open.pop(), tag);
        else if (self !== '/') open.push(tag);
      }
      assert.deepEqual(open, []);
    });
  }
});

describe('escaping', () => {
  for (const [field, page] of Object.entries(hostilePages)) {
    test(`${field} – markup in it – is shown as text`, () => {
      assert.ok(page.includes(escaped));
      assert.ok(!page.includes(hostile));
      assert.doesNotMatch(page, /<script|<img/i);
    });
  }

  test('landing caFile – quotes and markup in it – are quoted for the shell and escaped', () => {
    const page = landingPage({ ...landing, caFile: `/it's <b>/ca.pem` });
    assert.ok(page.includes('curl --cacert &#39;/it&#39;\\&#39;&#39;s &lt;b&gt;/ca.pem&#39; '));
    assert.ok(!page.includes('<b>/ca.pem'));
  });

  test('sign-in app – control characters in it – are replaced', () => {
    const page = signInPage({ ...signIn, app: 'a\u0000b\u001bc\u0085d' });
    assert.ok(page.includes('<bdi>a\ufffdb\ufffdc\ufffdd</bdi>'));
  });

  test('sign-in app – text direction marks in it – stay inside the name', () => {
    const page = signInPage({ ...signIn, app: '\u202eedoC SV' });
    assert.ok(page.includes('<h1>Sign in to <bdi>\u202eedoC SV</bdi></h1>'));
  });
});

describe('sign-in page', () => {
  const page = signInPage(signIn);

  test('sign-in page – inputs – have labels and autocomplete', () => {
    for (const [id, autocomplete] of [
      ['username', 'username'],
      ['password', 'current-password'],
    ]) {
      assert.match(page, new RegExp(`<label for="${id}">`));
      assert.match(page, new RegExp(`<input[^>]*id="${id}"[^>]*name="${id}"[^>]*autocomplete="${autocomplete}"`));
    }
  });

  test('sign-in page – form – posts with the csrf value to the action', () => {
    assert.ok(page.includes('method="post" action="/interaction/1"'));
    assert.ok(page.includes('<input type="hidden" name="csrf" value="c" />'));
  });

  test('sign-in page – request – names the app and every scope', () => {
    const asked = signInPage({ ...signIn, app: 'VS Code', scopes: ['openid', 'mcp:tools:call'] });
    assert.ok(asked.includes('<bdi>VS Code</bdi> asks for'));
    assert.ok(asked.includes('<code>openid</code>') && asked.includes('<code>mcp:tools:call</code>'));
  });

  test('sign-in page – no scopes – says so', () => {
    assert.ok(signInPage({ ...signIn, scopes: [] }).includes('asks for no scopes'));
  });

  test('sign-in page – first visit – has no alert and starts in the user name', () => {
    assert.ok(!page.includes('role="alert"') && !page.includes('aria-invalid="true"'));
    assert.match(page, /id="username"[^>]*autofocus/);
  });

  test('sign-in page – error – is announced and tied to both inputs', () => {
    const failed = signInPage({ ...signIn, error: 'Wrong.' });
    assert.match(failed, /role="alert" id="error"/);
    assert.equal(failed.match(/aria-invalid="true" aria-describedby="error"/g)?.length, 2);
    assert.ok(failed.includes('<title>Error: Sign in · Org</title>'));
  });

  test('sign-in page – login hint – fills the user name and starts in the password', () => {
    const hinted = signInPage({ ...signIn, loginHint: 'bob@example.com' });
    assert.match(hinted, /id="username"[^>]*value="bob@example.com"/);
    assert.doesNotMatch(hinted, /id="username"[^>]*autofocus/);
    assert.match(hinted, /id="password"[^>]*autofocus/);
  });

  test('sign-in page – password field – is never filled', () => {
    assert.doesNotMatch(page, /id="password"[^>]*value=/);
  });

  test('sign-in page – seeded users – are shown with their passwords', () => {
    assert.ok(page.includes('<code>alice@example.com</code> / <code>alice-pw</code>'));
  });

  test('sign-in page – no seeded users – has no empty list', () => {
    assert.ok(!signInPage({ ...signIn, users: [] }).includes('Users and their passwords'));
  });
});

describe('consent page', () => {
  const page = consentPage(consent);

  test('consent page – decision – is allow or deny, and deny comes first', () => {
    const decisions = [...page.matchAll(/<button[^>]*name="decision" value="(\w+)"/g)].map(([, value]) => value);
    assert.deepEqual(decisions, ['deny', 'allow']);
  });

  test('consent page – read by a person – says who allows what to whom and where it goes', () => {
    for (const text of ['Alice', 'alice@example.com', '<bdi>App</bdi>', 'Know who you are', '127.0.0.1:33418'])
      assert.ok(page.includes(text), text);
  });
});

describe('landing page', () => {
  test('landing page – app with a secret – does not show it', () => {
    assert.ok(!landingPage(landing).includes('do-not-show'));
  });

  test('landing page – public app – says that it has none', () => {
    assert.ok(
      landingPage({ ...landing, apps: [{ ...app, clientSecret: undefined }] }).includes('none, a public client'),
    );
  });

  test('landing page – server – links its metadata and keys', () => {
    const page = landingPage(landing);
    assert.ok(page.includes(`href="${server.issuer}/.well-known/oauth-authorization-server"`));
    assert.ok(page.includes(`href="${server.jwksUrl}"`));
  });
});

test('style of every page – hashed – is the same', () => {
  const hashes = Object.values(pages).map((page) =>
    createHash('sha256')
      .update(/<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? '')
      .digest('base64'),
  );
  assert.equal(new Set(hashes).size, 1);
});
