import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { pageSecurityPolicy } from './page-security-policy.ts';
import { signedOutPage } from './signed-out-page.ts';

function directive(policy: string, name: string): string | undefined {
  return policy
    .split('; ')
    .find((part) => part.startsWith(`${name} `))
    ?.slice(name.length + 1);
}

function formAction(redirectUri: string): string | undefined {
  return directive(pageSecurityPolicy(redirectUri), 'form-action');
}

test('security policy – style of a page – is the one it lets through', () => {
  const style = /<style>([\s\S]*?)<\/style>/.exec(signedOutPage({ org: 'Org' }))?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');
  assert.equal(directive(pageSecurityPolicy(), 'style-src'), `'sha256-${hash}'`);
});

test('security policy – everything not named – is refused', () => {
  assert.equal(directive(pageSecurityPolicy(), 'default-src'), "'none'");
  assert.equal(directive(pageSecurityPolicy(), 'base-uri'), "'none'");
  assert.equal(directive(pageSecurityPolicy(), 'frame-ancestors'), "'none'");
  assert.equal(directive(pageSecurityPolicy(), 'script-src'), undefined);
});

test('form-action – no redirect URI – lets no form out', () => {
  assert.equal(directive(pageSecurityPolicy(), 'form-action'), "'none'");
});

test('form-action – loopback redirect URI – lets to loopback ports only', () => {
  const loopback = "'self' http://localhost:* https://localhost:* http://127.0.0.1:* https://127.0.0.1:*";
  assert.equal(formAction('http://127.0.0.1:33418/'), loopback);
  assert.equal(formAction('http://localhost:6274/oauth/callback'), loopback);
});

test('form-action – https redirect URI – lets to its origin only', () => {
  assert.equal(formAction('https://vscode.dev/redirect?a=1'), "'self' https://vscode.dev");
  assert.equal(formAction('https://app.example:8443/cb'), "'self' https://app.example:8443");
});

test('form-action – IPv6 redirect URI – is let through by its scheme', () => {
  assert.equal(formAction('http://[::1]:4000/cb'), "'self' http:");
});

test('form-action – redirect URI of a private scheme – is let through by that scheme', () => {
  assert.equal(formAction('com.example.app:/oauth'), "'self' com.example.app:");
});

test('form-action – host that would end the directive – does not get in', () => {
  for (const uri of ['http://a;script-src/', 'http://a,b/', "http://'unsafe-inline'/"])
    assert.equal(formAction(uri), "'self' http:");
});

test('security policy – redirect URI that is no URL – throws', () => {
  assert.throws(() => pageSecurityPolicy('/callback'), TypeError);
});
