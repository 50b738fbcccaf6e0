import { hash } from 'node:crypto';
import type { Identity } from '../model/identity.ts';
import type { Patient } from './check.ts';

/** A caller of this issuer, with a JWT of the right form that no key has signed. */
export function buildImpostor({ server, now }: Patient, issuer: string): Identity {
  const entry = server.authenticate.find((one) => 'issuer' in one && one.issuer === issuer);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const nowMs = now();
  const iat = Math.floor(nowMs / 1000);
  const aud = entry === undefined || !('issuer' in entry) ? undefined : entry.audience[0];
  const claims = { iss: issuer, aud, sub: 'usher-doctor', iat, exp: iat + 300, jti: `usher-doctor-${iat}` };
  const callerToken = `${part({ alg: 'RS256', kid: 'usher-doctor', typ: 'JWT' })}.${part(claims)}.${'A'.repeat(342)}`;
  return {
    callerToken,
    caller: {
      issuer,
      subject: 'usher-doctor',
      clientId: undefined,
      name: undefined,
      scopes: new Set(),
      principal: 'usher-doctor',
      tokenClaims: claims,
      claims: {},
      expiresAtMs: nowMs + 300_000,
      acceptedUntilMs: nowMs + 300_000,
      jkt: undefined,
      tokenDigest: hash('sha256', callerToken, 'base64url'),
    },
  };
}
