import { hash, type KeyObject } from 'node:crypto';

/** The SHA-256 thumbprint of a public key (RFC 7638), of the one form a JWK of it has: members in order, no others. */
export function jwkThumbprint(key: KeyObject): string {
  const { crv, e, kty, n, x, y } = key.export({ format: 'jwk' });
  return hash('sha256', JSON.stringify({ crv, e, kty, n, x, y }), 'base64url');
}
