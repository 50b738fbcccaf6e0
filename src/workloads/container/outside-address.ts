import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { isPublicAddress } from '../../lib/is-public-address.ts';

/** Is this an address of the Internet that is none of this machine's? IPv4 or IPv6, without brackets; anything else is not. */
export function isOutside(text: string): boolean {
  const address = unmapped(text);
  return isPublicAddress(address) && !own().has(address);
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

/** What listens here for everybody is meant for neighbours, not for whoever runs on this machine. */
function own(): ReadonlySet<string> {
  return new Set(
    Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => unmapped(address))),
  );
}
