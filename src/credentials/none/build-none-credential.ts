import type { Credential } from '../../model/credential.ts';

/** Strategy `none`: the MCP server gets no token. */
export function buildNoneCredential(): Credential {
  const credential = Object.freeze({ header: undefined, claims: undefined, source: 'none', waitedMs: 0 } as const);
  return {
    strategy: 'none',
    obtain: () => credential,
    evict: () => false,
  };
}
