import { hash, randomUUID } from 'node:crypto';
import { jwkThumbprint } from '../../src/lib/jwk-thumbprint.ts';
import { encodePart, makeSigningKey, signText, type SigningKey } from './signing-key.ts';

/** What a proof is for. */
export interface ProofRequest {
  readonly url: string;
  /** POST when not given. */
  readonly method?: string;
  /** Absent for a token endpoint. */
  readonly token?: string;
}

export interface ProofChanges {
  readonly header?: Record<string, unknown>;
  /** undefined leaves one out; a text is taken as it is. */
  readonly claims?: Record<string, unknown> | string;
  /** What the signature is made with, whatever the header says. */
  readonly signer?: SigningKey;
  readonly alg?: string;
}

/** A client with a key of its own (RFC 9449 §4), whose proofs can be bent. */
export interface DpopClient {
  readonly key: SigningKey;
  readonly jkt: string;
  /** For the claims of a token that is bound to the key. */
  readonly cnf: { readonly jkt: string };
  proof(request: ProofRequest, changes?: ProofChanges): string;
  /** Headers of a call. */
  headers(request: ProofRequest & { readonly token: string }, changes?: ProofChanges): Record<string, string>;
}

export function makeDpopClient(alg = 'ES256', now: () => number = Date.now): DpopClient {
  const key = makeSigningKey(alg);
  const jkt = jwkThumbprint(key.publicKey);
  const proof: DpopClient['proof'] = ({ url, method = 'POST', token }, changes = {}) => {
    const header = { typ: 'dpop+jwt', alg, jwk: key.publicKey.export({ format: 'jwk' }), ...changes.header };
    const usual = {
      jti: randomUUID(),
      htm: method,
      htu: url,
      iat: Math.floor(now() / 1000),
      ...(token === undefined ? {} : { ath: hash('sha256', token, 'base64url') }),
    };
    const claims = typeof changes.claims === 'string' ? changes.claims : { ...usual, ...changes.claims };
    const text = `${encodePart(header)}.${encodePart(claims)}`;
    return `${text}.${signText(changes.alg ?? alg, text, (changes.signer ?? key).privateKey)}`;
  };
  return {
    key,
    jkt,
    cnf: { jkt },
    proof,
    headers: (request, changes) => ({
      authorization: `DPoP ${request.token}`,
      dpop: proof(request, changes),
    }),
  };
}
