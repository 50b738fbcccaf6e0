import type { Caller } from '../model/caller.ts';
import type { Credential } from '../model/credential.ts';
import { fail } from '../model/usher-error.ts';

/** The credentials of a server whose issuers have one each: a caller is acted for by that of the issuer who vouched for
 * them, and no other ever hears of them.
 */
export function buildIssuerCredentials(credentials: ReadonlyMap<string, Credential>): Credential {
  const of = ({ issuer }: Caller): Credential => {
    const credential = credentials.get(issuer);
    if (credential === undefined)
      throw fail('internal', { reason: 'a caller of an issuer without a credential was taken' });
    return credential;
  };
  return {
    strategy: [...new Set([...credentials.values()].map(({ strategy }) => strategy))].join(', '),
    strategyFor: (caller) => of(caller).strategy,
    obtain: (identity, connection) => of(identity.caller).obtain(identity, connection),
    evict: (identity, refused) => of(identity.caller).evict(identity, refused),
  };
}
