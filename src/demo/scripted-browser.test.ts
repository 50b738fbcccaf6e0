import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { consentPage } from '../idp/views/consent-page.ts';
import { errorPage } from '../idp/views/error-page.ts';
import { signInPage } from '../idp/views/sign-in-page.ts';
import { UsherError } from '../model/usher-error.ts';
import { signIn } from './scripted-browser.ts';

const person = { username: 'alice@example.com', password: 'p&q' };
const csrf = 'a"b&c';
const signInOptions = { org: 'Org', app: 'App', scopes: [], action: '/login?a=1&b=2', csrf, users: [] };
const consent = consentPage({
  org: 'Org',
  app: 'App',
  user: { name: 'Alice', login: 'alice@example.com' },
  scopes: [],
  redirectHost: 'localhost',
  action: '/consent',
  csrf,
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

async function startProvider(t: TestContext, answer: Answer): Promise<string> {
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function authorizeUrl(origin: string, redirectUri = 'http://127.0.0.1:9/callback'): string {
  return `${origin}/authorize?redirect_uri=${encodeURIComponent(redirectUri)}`;
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(303, { location }).end();
}

function refusal(reason: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof UsherError && error.code === 'step_failed' && reason.test(error.message);
}

/** Signs in with `person` at /login, asks for consent at /consent, keeps its state in a cookie as the provider does. */
function walkThrough(seen: URLSearchParams[]): Answer {
  return async (request, response) => {
    const form = new URLSearchParams(await text(request));
    if (request.url?.startsWith('/authorize')) {
      response.setHeader('set-cookie', 'visit=1; path=/; httponly');
      return redirect(response, '/login');
    }
    if (request.headers.cookie !== 'visit=1')
      return void response.writeHead(400).end(errorPage({ title: 'No cookie', detail: '', requestId: '' }));
    if (request.method === 'GET')
      return void response.end(request.url === '/login' ? signInPage(signInOptions) : consent);
    seen.push(form);
    if (request.url === '/login?a=1&b=2') return redirect(response, '/consent');
    return redirect(
      response,
      `http://127.0.0.1:9/callback?${form.get('decision') === 'allow' ? 'code=c' : 'error=access_denied'}`,
    );
  };
}

test('scripted browser – sign-in and consent – ends at the callback, which it does not fetch', async (t) => {
  const seen: URLSearchParams[] = [];
  const origin = await startProvider(t, walkThrough(seen));
  const callback = await signIn(authorizeUrl(origin), person);
  assert.equal(callback.href, 'http://127.0.0.1:9/callback?code=c');
  assert.deepEqual(
    [...(seen[0] ?? [])],
    [
      ['csrf', csrf],
      ['username', person.username],
      ['password', person.password],
    ],
  );
});

test('scripted browser – decision deny – comes back with the error', async (t) => {
  const origin = await startProvider(t, walkThrough([]));
  const callback = await signIn(authorizeUrl(origin), { ...person, decision: 'deny' });
  assert.equal(callback.searchParams.get('error'), 'access_denied');
});

test('scripted browser – sign-in page again – refuses with what the page says', async (t) => {
  const origin = await startProvider(t, (_, response) => {
    response.end(signInPage({ ...signInOptions, error: 'User name or password is wrong & refused.' }));
  });
  await assert.rejects(
    signIn(authorizeUrl(origin), person),
    refusal(/again: User name or password is wrong & refused\.$/),
  );
});

test('scripted browser – error page – refuses with its words', async (t) => {
  const origin = await startProvider(t, (_, response) => {
    response.writeHead(400).end(errorPage({ title: 'Cannot sign you in', detail: 'No such app.', requestId: 'r' }));
  });
  await assert.rejects(
    signIn(authorizeUrl(origin), person),
    refusal(/answered 400: Cannot sign you in: No such app\.$/),
  );
});

test('scripted browser – redirect to another origin – sends the password nowhere', async (t) => {
  let visits = 0;
  const other = await startProvider(t, (_, response) => {
    visits++;
    response.end();
  });
  const origin = await startProvider(t, (_, response) => redirect(response, `${other}/login`));
  await assert.rejects(
    signIn(authorizeUrl(origin), person),
    refusal(/sent the browser to http:\/\/127\.0\.0\.1:\d+\/login$/),
  );
  assert.equal(visits, 0);
});

test('scripted browser – redirects in a circle – gives up', async (t) => {
  const origin = await startProvider(t, (_, response) => redirect(response, '/authorize'));
  await assert.rejects(signIn(authorizeUrl(origin), person), refusal(/no end within 20/));
});

test('scripted browser – provider that does not answer – gives up in time', async (t) => {
  const origin = await startProvider(t, () => {});
  await assert.rejects(signIn(authorizeUrl(origin), { ...person, timeoutMs: 50 }), refusal(/no answer from http/));
});

test('scripted browser – authorization URL without redirect_uri – refuses', async () => {
  await assert.rejects(signIn('http://127.0.0.1:9/authorize', person), refusal(/has no redirect_uri/));
});
