import { isLoopbackHost } from '../lib/loopback.ts';

const longest = 512;
/** What a browser runs, opens or hands to whoever asks first, in place of sending it to a program. */
const unsafeSchemes = new Set([
  'javascript:',
  'data:',
  'vbscript:',
  'file:',
  'blob:',
  'about:',
  'filesystem:',
  'ws:',
  'wss:',
  'ftp:',
]);

/** Why no code may be sent there; undefined when it may. Reads as the end of `a redirect URI that …`. */
export function findRedirectProblem(uri: string): string | undefined {
  if (uri.length > longest) return `has at most ${longest} characters`;
  // new URL() would mend spaces, control characters and backslashes, and the browser might mend them otherwise.
  if (!/^[\u0021-\u007e]+$/.test(uri) || uri.includes('\\') || !URL.canParse(uri)) return 'is an absolute URI';
  const { protocol, hostname, username, password } = new URL(uri);
  // RFC 6749 §3.1.2.
  if (uri.includes('#')) return 'has no fragment';
  if (username !== '' || password !== '') return 'has no user name';
  if (unsafeSchemes.has(protocol)) return `has another scheme than ${protocol}`;
  if (protocol === 'http:' && !isLoopback(hostname))
    return 'is https, or http on this machine such as http://127.0.0.1/';
  return undefined;
}

/** Is it a program on the user's machine that listens there (RFC 8252 §7.3)? */
export function isLoopbackRedirect(uri: string): boolean {
  const { protocol, hostname } = new URL(uri);
  return protocol === 'http:' && isLoopback(hostname);
}

/** Not every name below localhost: those are resolved by whoever the machine asks. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || (isLoopbackHost(hostname) && !hostname.endsWith('.localhost'));
}

/** The same URI to the letter; of a program on the user's machine the port may be another one (RFC 8252 §7.3, RFC 9700
 * §4.1.3), since it takes one that is free.
 */
export function isRegistered(uri: string, registered: readonly string[]): boolean {
  if (registered.includes(uri)) return true;
  if (findRedirectProblem(uri) !== undefined || !isLoopbackRedirect(uri)) return false;
  const asked = withoutPort(uri);
  return registered.some((one) => isLoopbackRedirect(one) && withoutPort(one) === asked);
}

function withoutPort(uri: string): string {
  return uri.replace(/^(http:\/\/(?:\[[0-9a-f:]+\]|[^/?:]+))(?::\d{1,5})?(?=[/?]|$)/i, '$1');
}
