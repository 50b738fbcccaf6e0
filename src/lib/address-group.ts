import { isIPv6 } from 'node:net';

/** What of an address stands for one neighbour: an IPv4 address as it is; of an IPv6 address the network (/64), since whoever
 * has one address in it has all of them (RFC 4291 §2.5.4, RFC 6177 §2).
 */
export function addressGroup(address: string): string {
  const [plain = ''] = address.split('%');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(plain)) return address;
  const [head = [], tail = []] = plain.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const tailLength = tail.length + (tail.at(-1)?.includes('.') === true ? 1 : 0);
  const zeros = plain.includes('::') ? Array.from({ length: 8 - head.length - tailLength }, () => '0') : [];
  const groups = [...head, ...zeros, ...tail].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${groups.join(':')}::/64`;
}
