import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { buildCookies } from './cookies.ts';

function requestWith(cookie: string): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  request.headers.cookie = cookie;
  return request;
}

test('cookies over TLS – are for this host alone, over TLS alone, and no script reads them', () => {
  const cookies = buildCookies(true);
  const lines = [cookies.browserLine('b'), ...cookies.signInLines(requestWith(''), 'state', 'sealed')];
  for (const line of lines) assert.match(line, /^__Host-usher-[\w-]+=.+; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
  assert.ok(!lines.some((line) => /domain/i.test(line)));
});

test('cookies over plain http, which is this machine only – have no such name, since browsers would not take it', () => {
  assert.match(buildCookies(false).browserLine('b'), /^usher-consent=b; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/);
});

test('a cookie of the browser – is taken only where it could be one that was given', () => {
  const cookies = buildCookies(false);
  const browser = cookies.makeBrowser();
  assert.equal(cookies.readBrowser(requestWith(`a=b; usher-consent=${browser}`)), browser);
  for (const other of ['usher-consent=short', `usher-consent=${browser}!`, `__Host-usher-consent=${browser}`, ''])
    assert.equal(cookies.readBrowser(requestWith(other)), undefined);
});

test('a sign-in – has a cookie of its own, found by its state', () => {
  const cookies = buildCookies(true);
  const [line = ''] = cookies.signInLines(requestWith(''), 'one', 'sealed');
  const request = requestWith(line.split(';')[0] ?? '');
  assert.equal(cookies.readSignIn(request, 'one'), 'sealed');
  assert.equal(cookies.readSignIn(request, 'other'), undefined);
  assert.ok(cookies.dropSignInLine('one').startsWith(`${line.split('=')[0]}=; Max-Age=0;`));
});
