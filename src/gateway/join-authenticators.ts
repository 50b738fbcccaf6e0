import { readShape } from '../authenticators/token-shape.ts';
import type { Authenticator } from '../model/authenticator.ts';

/** Callers of issuers that sign their tokens beside those of issuers that are asked about them. Which of the two a token is
 * for is decided by its shape and its `iss`, never by trying: no issuer hears of another one's tokens.
 */
export function joinAuthenticators(signed: Authenticator, asked: Authenticator): Authenticator {
  const find: Authenticator['find'] = (callerToken) => signed.find(callerToken) ?? asked.find(callerToken);
  return {
    strategy: `${signed.strategy}, ${asked.strategy}`,
    issuers: [...signed.issuers, ...asked.issuers],
    needsToken: true,
    anonymous: undefined,
    find,
    authenticate(callerToken, connection) {
      const known = find(callerToken);
      if (known !== undefined) return known;
      const parts = readShape(callerToken);
      const isAsked = parts === undefined || asked.issuers.some((issuer) => issuer === parts.claims['iss']);
      return (isAsked ? asked : signed).authenticate(callerToken, connection);
    },
    async warmUp() {
      await Promise.all([signed.warmUp(), asked.warmUp()]);
    },
    lacking: () => [...signed.lacking(), ...asked.lacking()],
  };
}
