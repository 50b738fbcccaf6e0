import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';

/** Refused before anything is sent; says where to, for the log alone. */
export class AddressError extends Error {
  override readonly name = 'AddressError';
}

/** How names become addresses: all of them. */
export type Resolve = (
  hostname: string,
  options: { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Resolves names for a connection and hands on only addresses that may be connected to: the check and the connection use one
 * answer, so a name that means something else a moment later gains nothing (DNS rebinding). A name with one address that
 * is refused is refused whole. Names only: what is an address already is connected to without being looked up.
 */
export function buildCheckedLookup(
  mayConnect: (address: string) => boolean,
  resolve: Resolve = systemLookup,
): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const refused = addresses.find(({ address }) => !mayConnect(address));
      const [first] = addresses;
      if (refused !== undefined || first === undefined)
        return callback(
          new AddressError(`${hostname} is at ${refused?.address ?? 'no address'}, which is no place to fetch from`),
          [],
        );
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
