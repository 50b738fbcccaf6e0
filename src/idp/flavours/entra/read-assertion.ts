import { decodeJwt, type JWTPayload } from 'jose';
import type { SeedApp, SeedUser } from '../../seed/seed-schema.ts';
import type { Tenant } from '../flavour.ts';
import { verifyToken } from '../sign-token.ts';
import { TokenRefusal } from '../token-refusal.ts';
import { objectIdOf } from './ids.ts';
import { withoutScheme } from './read-scopes.ts';
import { refusals } from './refusals.ts';

/** The token that is handed in, and whom it stands for: an access token of this tenant for the very app that hands it in.
 * @throws TokenRefusal
 */
export async function readAssertion(
  tenant: Tenant,
  app: SeedApp,
  assertion: string,
): Promise<{ readonly claims: JWTPayload; readonly user: SeedUser }> {
  const verdict = await verifyToken(tenant, assertion);
  if (verdict.state === 'expired') throw new TokenRefusal(refusals.assertionExpired, 'the caller’s token');
  if (verdict.state === 'invalid')
    throw new TokenRefusal(refusals.assertionInvalid, `a token of ${String(issuerOf(assertion)).slice(0, 200)}`);
  const { claims } = verdict;
  // An app's own token has roles where a user's has scp. It is this code that operators report for it, not one of its own
  // (github.com/AzureAD/microsoft-authentication-library-for-dotnet/issues/2130).
  if (claims['idtyp'] === 'app')
    throw new TokenRefusal(refusals.grantNotAllowed, 'an app-only token stands for no user', {
      clientId: app.clientId,
    });
  // An ID token is for a client, without scopes.
  if (claims['scp'] === undefined) throw new TokenRefusal(refusals.idTokenSent, 'it has no scp');
  const found = String(claims.aud);
  if (withoutScheme(found) !== app.clientId) {
    const details = { found, expected: `api://${app.clientId}` };
    throw new TokenRefusal(refusals.assertionAudience, 'the token is another app’s', details);
  }
  return { claims, user: findUser(tenant, claims) };
}

function findUser({ seed }: Tenant, claims: JWTPayload): SeedUser {
  const user = seed.users.find((one) => objectIdOf(one) === claims['oid']);
  if (user === undefined) {
    const details = { user: '{EUII Hidden}', org: seed.org };
    throw new TokenRefusal(refusals.userUnknown, 'a token that stands for no user of the seed', details);
  }
  if (user.disabled === true) throw new TokenRefusal(refusals.userDisabled, `${user.login} is disabled`);
  const issuedAt = new Date((claims.iat ?? 0) * 1000);
  if (user.tokensValidFrom !== undefined && issuedAt.getTime() < Date.parse(user.tokensValidFrom)) {
    const details = { issuedAt: issuedAt.toISOString(), validFrom: user.tokensValidFrom };
    throw new TokenRefusal(refusals.tokensRevoked, `${user.login} has tokensValidFrom`, details);
  }
  return user;
}

function issuerOf(token: string): JWTPayload['iss'] {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}
