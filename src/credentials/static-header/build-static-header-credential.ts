import type { Credential } from '../../model/credential.ts';
import type { StaticHeaderSettings } from './schema.ts';

/** Strategy `static-header`: a secret of the gateway's own, the same for every call. */
export function buildStaticHeaderCredential({ header, value }: StaticHeaderSettings): Credential {
  const credential = Object.freeze({
    header: Object.freeze({ name: header.toLowerCase(), value }),
    claims: undefined,
    source: 'static',
    waitedMs: 0,
    actsAs: 'gateway',
  } as const);
  return {
    strategy: 'static-header',
    obtain: () => credential,
    // There is no other.
    evict: () => false,
  };
}
