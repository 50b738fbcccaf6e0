import { BlockList, isIP } from 'node:net';

/** Networks that addresses can be looked up in.
 * @param networks addresses, or networks in CIDR form such as 10.0.0.0/8; of IPv4 and IPv6
 */
export function buildNetworks(networks: readonly string[]): BlockList {
  const found = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    if (bits === undefined) found.addAddress(address, familyOf(address));
    else found.addSubnet(address, Number(bits), familyOf(address));
  }
  return found;
}

/** @param address without brackets */
export function isWithin(networks: BlockList, address: string): boolean {
  return networks.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

/** Is this an address, or a network in CIDR form? */
export function isNetwork(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}
