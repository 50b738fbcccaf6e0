import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { buildNetworks, isWithin } from './networks.ts';

/** Says which address a request came from. */
export type FindClientAddress = (request: IncomingMessage) => string | undefined;

/** The address of the peer; or, where the peer is one of the proxies in front, what they say in X-Forwarded-For: the last
 * address in it that is none of theirs. What stands before that one came from outside and can be anything.
 *
 * @param proxies addresses, or networks such as 10.0.0.0/8
 */
export function buildClientAddress(proxies: readonly string[]): FindClientAddress {
  if (proxies.length === 0) return ({ socket }) => socket.remoteAddress;
  const trusted = buildNetworks(proxies);
  const isTrusted = (address: string) => isWithin(trusted, address);
  return ({ socket, headers }) => {
    let found = plainAddress(socket.remoteAddress ?? '');
    const forwarded = String(headers['x-forwarded-for'] ?? '').split(',');
    for (const one of forwarded.toReversed()) {
      if (found === '' || !isTrusted(found)) break;
      const address = plainAddress(one.trim());
      if (isIP(address) === 0) break;
      found = address;
    }
    return found === '' ? undefined : found;
  };
}

/** IPv4 as IPv4, also where a socket of both families has it. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}
