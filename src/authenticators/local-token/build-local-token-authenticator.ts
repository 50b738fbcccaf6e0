import { hash, timingSafeEqual } from 'node:crypto';
import type { Authenticator } from '../../model/authenticator.ts';
import type { Caller } from '../../model/caller.ts';
import type { Secret } from '../../model/secret.ts';
import { fail } from '../../model/usher-error.ts';

/** Strategy `local-token`: whoever has the token of this server may call; it says where a call comes from, not who makes it. */
export function buildLocalTokenAuthenticator(token: Secret, server: string): Authenticator {
  const wanted = hash('sha256', token.reveal(), 'buffer');
  const caller: Caller = Object.freeze({
    issuer: '',
    subject: 'local',
    clientId: undefined,
    name: 'a program on this machine',
    scopes: new Set<string>(),
    principal: JSON.stringify(['', 'local', server]),
    tokenClaims: Object.freeze({}),
    claims: Object.freeze({ sub: 'local' }),
    expiresAtMs: Number.POSITIVE_INFINITY,
    acceptedUntilMs: Number.POSITIVE_INFINITY,
    tokenDigest: wanted.toString('base64url'),
    jkt: undefined,
  });
  // Digests are compared: equal lengths, and nothing to learn from the time it takes.
  const find: Authenticator['find'] = (callerToken) =>
    timingSafeEqual(hash('sha256', callerToken, 'buffer'), wanted) ? caller : undefined;
  return {
    strategy: 'local-token',
    issuers: [],
    needsToken: true,
    anonymous: undefined,
    find,
    authenticate(callerToken) {
      const found = find(callerToken);
      if (found === undefined) throw fail('local_token_refused', { server });
      return found;
    },
    warmUp: () => Promise.resolve(),
    lacking: () => [],
  };
}
