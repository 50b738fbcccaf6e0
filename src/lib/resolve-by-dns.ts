import type { LookupAddress } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { callbackify } from 'node:util';
import type { Resolve } from './checked-lookup.ts';

/** Two tries of each of these: shorter in all than anybody waits for what is fetched. */
const tryMs = 1_000;
const tries = 2;

/** Resolves names by DNS itself (RFC 1035), for names that strangers choose. The system's own way (getaddrinfo) would take one of the
 * four threads that also write files, for as long as somebody's name server does not answer; and it knows names of this machine
 * and its network, which are none of a stranger's.
 * @param servers addresses with port, where not those of the system
 */
export function buildDnsResolve(servers?: readonly string[]): Resolve {
  const resolver = new Resolver({ timeout: tryMs, tries });
  if (servers !== undefined) resolver.setServers([...servers]);
  const find = callbackify(async (hostname: string): Promise<LookupAddress[]> => {
    const [four, six] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    if (four.status === 'rejected' && six.status === 'rejected') throw four.reason;
    return [
      ...(four.status === 'fulfilled' ? four.value.map((address) => ({ address, family: 4 })) : []),
      ...(six.status === 'fulfilled' ? six.value.map((address) => ({ address, family: 6 })) : []),
    ];
  });
  return (hostname, _, callback) => find(hostname, (error, addresses) => callback(error, addresses ?? []));
}
