import { type BlockList, isIP } from 'node:net';
import { buildNetworks, isNetwork, isWithin } from '../../lib/networks.ts';
import { isOutside, unmapped } from './outside-address.ts';

/** This machine, as containers know it. */
export const thisMachine = 'host.docker.internal';

/** What a container may call through the proxy. */
export interface EgressRules {
  /** May it call this host at this port? What the name resolves to is asked for then. */
  allows(host: string, port: number): boolean;
  /** May what it calls be at this address? Of the Internet, or named. */
  allowsAddress(address: string, port: number): boolean;
  /** What may be called, for the log. */
  readonly text: string;
}

interface Entry {
  /** Undefined: at any port that the list of ports has. */
  readonly port: number | undefined;
  matches(host: string): boolean;
  /** Addresses it names; undefined for a name. */
  readonly addresses: BlockList | undefined;
}

/** Hosts: `api.example.com`; `.example.com`, it and what is below it; an address; a network such as `10.1.0.0/16`; each with a
 * `:PORT` behind it or without. Ports: those of entries that name none; empty for all. Hosts empty, ports not: every host of the
 * Internet at these ports.
 * @returns a clause about what is wrong, where something is
 */
export function parseEgressRules(
  hosts: readonly string[],
  ports: readonly number[],
): EgressRules | { readonly problem: string } {
  const entries: Entry[] = [];
  for (const text of hosts) {
    const entry = parseEntry(text);
    if (entry === undefined)
      return {
        problem: `${JSON.stringify(text)} is no host: expected a name, .domain (it and what is below it), an address or a network, with :PORT behind it or without`,
      };
    if (entry.matches(thisMachine) && entry.port === undefined && ports.length === 0)
      return {
        problem: `${JSON.stringify(text)} is this machine with everything that listens on it: name the port, as in ${thisMachine}:4000`,
      };
    entries.push(entry);
  }
  const wrong = ports.find((port) => !isPort(port));
  if (wrong !== undefined) return { problem: `${wrong} is no port: expected a number from 1 to 65535` };
  const isGivenPort = (port: number) => ports.length === 0 || ports.includes(port);
  const hasPort = (entry: Entry, port: number) => (entry.port === undefined ? isGivenPort(port) : entry.port === port);
  const isNamed = (address: string, port: number) =>
    entries.some(
      (entry) => hasPort(entry, port) && entry.addresses !== undefined && isWithin(entry.addresses, address),
    );
  return {
    allows(host, port) {
      if (isIP(host) !== 0) return isNamed(host, port) || (entries.length === 0 && isGivenPort(port));
      return entries.length === 0
        ? host !== thisMachine && isGivenPort(port)
        : entries.some((entry) => hasPort(entry, port) && entry.matches(host));
    },
    allowsAddress: (address, port) => isOutside(address) || isNamed(unmapped(address), port),
    text: [
      entries.length === 0 ? 'every host' : hosts.join(', '),
      ...(ports.length === 0 ? [] : [`at ${ports.length === 1 ? 'port' : 'ports'} ${ports.join(', ')}`]),
    ].join(' '),
  };
}

function parseEntry(text: string): Entry | undefined {
  // A zone is of one machine's links.
  if (isNetwork(text) && !text.includes('%')) return addressEntry(text, undefined);
  const [, bracketed, name, digits] = /^(?:\[([0-9a-f.:]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && !isPort(port)) return undefined;
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? addressEntry(bracketed, port) : undefined;
  const [address = '', ...bits] = (name ?? '').split('/');
  if (isIP(address) === 4 || bits.length > 0) return isNetwork(name ?? '') ? addressEntry(name ?? '', port) : undefined;
  return nameEntry((name ?? '').toLowerCase(), port);
}

function nameEntry(name: string, port: number | undefined): Entry | undefined {
  const domain = name.replace(/^\*?\./, '');
  const isName = domain.split('.').every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
  // A name that is all digits at its end would be an address to some (WHATWG URL, "ends in a number").
  if (!isName || /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(domain)) return undefined;
  const isBelow = name !== domain;
  // With a star it is what people write for what is below, and not the domain itself.
  const withItself = !name.startsWith('*');
  return {
    port,
    addresses: undefined,
    matches: (host) =>
      // This machine is meant by its own name only.
      host === thisMachine
        ? name === thisMachine
        : (host === domain && withItself) || (isBelow && host.endsWith(`.${domain}`)),
  };
}

function addressEntry(network: string, port: number | undefined): Entry {
  return { port, addresses: buildNetworks([network]), matches: () => false };
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}
