import { securityPolicy } from '../../views/security-policy.ts';

const anyLoopbackPort = ['http://localhost:*', 'https://localhost:*', 'http://127.0.0.1:*', 'https://127.0.0.1:*'];

/**
 * Where a form may lead, including every redirect after it: Chromium holds the whole chain from the form's post to the
 * client's redirect URI against `form-action` and silently stays on the page otherwise. So the redirect URI's origin is
 * named. A client on this machine often sends its user on to another of its ports, so a loopback redirect URI opens them all.
 */
function formTargets(redirectUri: string): readonly string[] {
  const { protocol, hostname, host } = new URL(redirectUri);
  if (protocol !== 'http:' && protocol !== 'https:') return ["'self'", protocol];
  if (hostname === 'localhost' || hostname === '127.0.0.1') return ["'self'", ...anyLoopbackPort];
  // A source can be no IPv6 literal (CSP 3, section 2.3.1), and a URL's host may hold ";" or ",", which would end the directive.
  return /^[a-z0-9.-]+$/.test(hostname) ? ["'self'", `${protocol}//${host}`] : ["'self'", protocol];
}

/**
 * The `Content-Security-Policy` header of the provider's pages: no script, no frame, nothing from elsewhere, the one
 * inline style by its hash. Without `redirectUri` no form may be sent (error, landing, signed-out page); the sign-in and
 * the consent page give the redirect URI of the request they serve, which must be one registered for the client.
 * Throws a TypeError where `redirectUri` is no absolute URL. Send it with `Referrer-Policy: same-origin`: with
 * `no-referrer` browsers would post the forms with `Origin: null`.
 */
export function pageSecurityPolicy(redirectUri?: string): string {
  return securityPolicy(redirectUri === undefined ? [] : formTargets(redirectUri));
}
