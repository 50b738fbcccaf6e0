import { isIP } from 'node:net';
import { buildNetworks, isWithin } from './networks.ts';

/** IPv4 that is not for everybody's use (IANA's registry of special-purpose addresses, RFC 6890), and multicast. */
const special4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/** All of IPv6 that is given to networks of the public (RFC 4291 §2.4). Outside it are loopback, link-local, unique local and
 * multicast addresses, and IPv4 written as IPv6: mapped (RFC 4291 §2.5.5.2), translated (RFC 6052, RFC 8215).
 */
const global6 = '2000::/3';

/** What of these has another use: protocols with Teredo among them (RFC 4380), documentation, 6to4 (RFC 3056), which has an IPv4
 * address of anybody's choice in it, and AS112's sinks.
 */
const special6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];

const refused = buildNetworks([...special4, ...special6]);
const given6 = buildNetworks([global6]);

/** May a request that a stranger causes go to this address: is it one that the stranger could reach as well? Everything that is
 * not known to be public is not.
 * @param address as a resolver gives it: not a name, no brackets
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !isWithin(refused, address);
  // A zone is of this machine's own links (RFC 4007 §11).
  if (family !== 6 || address.includes('%')) return false;
  return isWithin(given6, address) && !isWithin(refused, address);
}
