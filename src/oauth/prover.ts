import { createPublicKey, hash, randomUUID, sign } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { parseJwtParts } from '../lib/jwt-parts.ts';
import { jwkThumbprint } from '../lib/jwk-thumbprint.ts';
import type { UpstreamProof } from '../model/upstream-credential.ts';
import type { ProofKey } from './proof-key.ts';

/** What one proof is for. */
export interface Proven {
  readonly method: string;
  readonly url: string;
  /** SHA-256 of the token that goes along, base64url; absent at a token endpoint. */
  readonly tokenDigest?: string;
}

/** RFC 9449 §8.1: characters of a nonce. Longer ones would make a header nobody takes. */
const usableNonce = /^[\u0021\u0023-\u005b\u005d-\u007e]{1,1024}$/;

/** Proves that this gateway has the key its tokens are bound to (RFC 9449 §4), to the provider and to whoever is behind.
 * What each of them gave as a nonce is remembered.
 */
export class Prover {
  /** What a token that is bound to the key says (`cnf.jkt`). */
  readonly thumbprint: string;
  readonly #key: ProofKey;
  readonly #now: Clock;
  readonly #header: string;
  /** By origin. */
  readonly #nonces = new Map<string, string>();

  constructor(key: ProofKey, now: Clock) {
    const publicKey = createPublicKey(key.privateKey);
    this.#key = key;
    this.#now = now;
    this.thumbprint = jwkThumbprint(publicKey);
    this.#header = encode({ typ: 'dpop+jwt', alg: key.alg, jwk: publicKey.export({ format: 'jwk' }) });
  }

  /** The value of the `DPoP` header for one request. */
  prove({ method, url, tokenDigest }: Proven): string {
    const nonce = this.#nonces.get(originOf(url));
    const claims = {
      jti: randomUUID(),
      htm: method,
      // Without query and fragment (RFC 9449 §4.2).
      htu: url.replace(/[?#].*$/s, ''),
      iat: Math.floor(this.#now() / 1000),
      ...(tokenDigest === undefined ? {} : { ath: tokenDigest }),
      ...(nonce === undefined ? {} : { nonce }),
    };
    const text = `${this.#header}.${encode(claims)}`;
    const { alg, privateKey } = this.#key;
    const digest = alg === 'EdDSA' ? null : `sha${alg.slice(2)}`;
    const signature = sign(digest, Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  }

  /** Takes what an answer from there gave for the next proof (RFC 9449 §8.2). True when the proof that was sent held another
   * one, or none: a request that was refused for it can be repeated. Others may have learned the same meanwhile.
   */
  learnNonce(url: string, nonce: unknown, sent: string): boolean {
    if (typeof nonce !== 'string' || !usableNonce.test(nonce)) return false;
    this.#nonces.set(originOf(url), nonce);
    return parseJwtParts(sent).claims['nonce'] !== nonce;
  }

  /** Proofs for requests with this token. With a fixed URL they are all for a POST there, whatever is asked and where: for
   * servers that hand token and proof on.
   */
  forToken(upstreamToken: string, fixedUrl?: string): UpstreamProof {
    const tokenDigest = hash('sha256', upstreamToken, 'base64url');
    return {
      prove: (method, url) =>
        fixedUrl === undefined
          ? this.prove({ method, url, tokenDigest })
          : this.prove({ method: 'POST', url: fixedUrl, tokenDigest }),
      learnNonce: (url, nonce, sent) => this.learnNonce(fixedUrl ?? url, nonce, sent),
    };
  }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function originOf(url: string): string {
  return new URL(url).origin;
}
