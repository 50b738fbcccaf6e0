import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/** What is for special purposes, or nobody's on the Internet (IANA IPv4 and IPv6 Special-Purpose Address Registries, RFC 6890;
 * multicast RFC 5771 and RFC 4291 §2.7). Of IPv6 also what has an address of IPv4 in it, which would have to be looked at
 * itself: NAT64 (RFC 6052, RFC 8215), Teredo (RFC 4380), 6to4 (RFC 3056).
 */
const special4 =
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4';
/** Of all others only 2000::/3 is given out. */
const special6 = '2001::/23 2001:db8::/32 2002::/16 3fff::/20 5f00::/16';
const global6 = { address: '2000::', bits: 3 } as const;

const special = new BlockList();
for (const network of special4.split(' ')) addNetwork(special, network);
for (const network of special6.split(' ')) addNetwork(special, network);
const global = new BlockList();
global.addSubnet(global6.address, global6.bits, 'ipv6');

/** Is this an address of the Internet that is none of this machine's? IPv4 or IPv6, without brackets; anything else is not. */
export function isPublicAddress(text: string): boolean {
  const address = unmapped(text);
  const version = isIP(address);
  if (version === 0 || own().has(address)) return false;
  if (version === 4) return !special.check(address, 'ipv4');
  return global.check(address, 'ipv6') && !special.check(address, 'ipv6');
}

/** An address of IPv4 as such, also where it is written as one of IPv6 (RFC 4291 §2.5.5.2). Without a zone. */
export function unmapped(text: string): string {
  const [address = ''] = text.split('%');
  if (isIP(address) !== 6) return address;
  // In the one form that URLs have: ::ffff:7f00:1.
  const plain = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(plain) ?? [];
  if (high === undefined || low === undefined) return plain;
  const [first, second] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [first >> 8, first & 255, second >> 8, second & 255].join('.');
}

/** @param network an address, or one in CIDR form */
export function addNetwork(list: BlockList, network: string): void {
  const [address = '', bits] = network.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (bits === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(bits), family);
}

/** What listens here for everybody is meant for neighbours, not for whoever runs on this machine. */
function own(): ReadonlySet<string> {
  return new Set(
    Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => unmapped(address))),
  );
}
