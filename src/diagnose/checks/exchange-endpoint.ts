import { hash } from 'node:crypto';
import type { Identity } from '../../model/identity.ts';
import { UsherError } from '../../model/usher-error.ts';
import { type Check, failed, type Patient, pass } from '../check.ts';
import { failBy } from '../fail-by.ts';

const timeoutMs = 30_000;

/** Asks for an exchange with a token that cannot be good: how it is refused tells what is set up. RFC 6749 §5.2 wants the
 * client looked at first, then whether it may use the grant, then the token.
 */
export const exchangeEndpoint: Check = {
  id: 'exchange-endpoint',
  title: 'The token endpoint of the exchange answers as one',
  needs: [],
  applies: exchanges,
  async run({ route, findings, now, server }) {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      await route.credential.obtain(buildImpostor(route.authenticator.issuers[0], server, now()), { signal });
    } catch (error) {
      if (!(error instanceof UsherError)) throw error;
      findings.probe = error;
      const { status, error: code, description } = error.details;
      const isAnswer = code !== undefined && code !== '(no error code)';
      return isAnswer ? pass(`It answered ${status} ${code}: ${description}`) : failBy(error);
    }
    return failed('It exchanged a token that nobody signed', {
      cause: 'provider-takes-anything',
      fix: 'That is no identity provider to rely on. Is --token-exchange-url a stand-in for tests?',
    });
  },
};

/** Is the caller's token exchanged for another? */
export function exchanges({ server, route }: Patient): boolean {
  return server.credential.strategy !== 'none' && route.authenticator.needsToken;
}

/** A JWT of the right form that no key has signed. */
function buildImpostor(issuer: string | undefined, { authenticate }: Patient['server'], nowMs: number): Identity {
  const [entry] = authenticate;
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = Math.floor(nowMs / 1000);
  const aud = entry?.strategy === 'jwt' ? entry.audience[0] : undefined;
  const claims = { iss: issuer, aud, sub: 'usher-doctor', iat, exp: iat + 300, jti: `usher-doctor-${iat}` };
  const callerToken = `${part({ alg: 'RS256', kid: 'usher-doctor', typ: 'JWT' })}.${part(claims)}.${'A'.repeat(342)}`;
  return {
    callerToken,
    caller: {
      issuer: issuer ?? '',
      subject: 'usher-doctor',
      clientId: undefined,
      name: undefined,
      scopes: new Set(),
      principal: 'usher-doctor',
      tokenClaims: claims,
      claims: {},
      expiresAtMs: nowMs + 300_000,
      acceptedUntilMs: nowMs + 300_000,
      tokenDigest: hash('sha256', callerToken, 'base64url'),
      jkt: undefined,
    },
  };
}
