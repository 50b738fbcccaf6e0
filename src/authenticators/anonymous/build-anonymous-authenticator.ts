import type { Authenticator } from '../../model/authenticator.ts';
import type { Caller } from '../../model/caller.ts';

/** A caller of whom nothing is known. */
export const anonymous: Caller = Object.freeze({
  issuer: '',
  subject: 'anonymous',
  clientId: undefined,
  name: undefined,
  scopes: new Set<string>(),
  principal: '',
  tokenClaims: Object.freeze({}),
  claims: Object.freeze({}),
  expiresAtMs: Number.POSITIVE_INFINITY,
  acceptedUntilMs: Number.POSITIVE_INFINITY,
  tokenDigest: '',
  jkt: undefined,
});

/** Strategy `anonymous`: everybody may call, and a token that is sent all the same is not looked at. */
export function buildAnonymousAuthenticator(): Authenticator {
  return {
    strategy: 'anonymous',
    issuers: [],
    needsToken: false,
    anonymous,
    find: () => anonymous,
    authenticate: () => anonymous,
    warmUp: () => Promise.resolve(),
    lacking: () => [],
  };
}
