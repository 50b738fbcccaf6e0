import { isLoopbackHost } from '../lib/loopback.ts';

/** The first redirect URI that sends authorization codes over the network in the clear: plain http to another host than
 * this machine (MCP authorization, communication security; RFC 8252 §7.3). Undefined when there is none.
 */
export function findPlainHttpRedirect(uris: readonly string[]): string | undefined {
  return uris.find((uri) => {
    const url = URL.parse(uri);
    return url?.protocol === 'http:' && !isLoopbackHost(url.hostname);
  });
}

/** What is wanted instead, for whoever asked. */
export const wantedRedirect = 'expected https, or http on a loopback host such as 127.0.0.1';
