import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CookieJar } from './cookie-jar.ts';

const origin = 'http://localhost:1';

test('cookie jar – cookie with a path – goes to that path and below only', () => {
  const jar = new CookieJar();
  jar.keep(new URL('/a/b', origin), ['id=1; Path=/a/b; HttpOnly']);
  assert.equal(jar.header(new URL('/a/b', origin)), 'id=1');
  assert.equal(jar.header(new URL('/a/b/c', origin)), 'id=1');
  assert.equal(jar.header(new URL('/a/bc', origin)), undefined);
  assert.equal(jar.header(new URL('/a', origin)), undefined);
});

test('cookie jar – cookie without a path – goes to the folder that set it', () => {
  const jar = new CookieJar();
  jar.keep(new URL('/a/b', origin), ['id=1']);
  assert.equal(jar.header(new URL('/a/other', origin)), 'id=1');
  assert.equal(jar.header(new URL('/b', origin)), undefined);
});

test('cookie jar – one name at two paths – sends the longer path first', () => {
  const jar = new CookieJar();
  jar.keep(new URL('/', origin), ['id=root; path=/', 'id=deep; path=/deep']);
  assert.equal(jar.header(new URL('/deep', origin)), 'id=deep; id=root');
});

test('cookie jar – value with equals signs – is kept whole', () => {
  const jar = new CookieJar();
  jar.keep(new URL('/', origin), ['id=a=b==; path=/']);
  assert.equal(jar.header(new URL('/', origin)), 'id=a=b==');
});

test('cookie jar – cookie set again in the past – is dropped', () => {
  const jar = new CookieJar();
  jar.keep(new URL('/', origin), ['one=1; path=/', 'two=2; path=/', 'three=3; path=/']);
  jar.keep(new URL('/', origin), ['one=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT', 'two=; path=/; max-age=0']);
  assert.equal(jar.header(new URL('/', origin)), 'three=3');
});
