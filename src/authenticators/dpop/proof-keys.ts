import { createPublicKey, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { isObject } from '../../lib/is-object.ts';
import { isSoundKey } from '../../lib/is-sound-key.ts';
import { jwkThumbprint } from '../../lib/jwk-thumbprint.ts';
import { quoteValue } from '../quote-value.ts';
import { fitsAlgorithm, proofAlgorithms } from './proof-algorithms.ts';

/** Whom a proof's header names. */
export interface ProofKey {
  readonly alg: string;
  readonly key: KeyObject;
  /** RFC 7638. */
  readonly thumbprint: string;
}

/** Longer ones take so long to verify with that a few callers could keep the gateway busy. */
const mostRsaBits = 4096;
const largestExponent = 0xffff_ffffn;

/** Members of a JWK that are no public key's (RFC 7518 §6.2.2, §6.3.2, §6.4). */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];
/** Other ways to name a key (RFC 7515 §4.1): the proof's is `jwk`, and nothing is fetched. */
const otherKeys = ['jku', 'x5u', 'x5c', 'x5t', 'x5t#S256'];

/** The keys of proofs. A client's proofs all begin with the same header, so that what was read of it is kept. */
export class ProofKeys {
  readonly #known = new LRUCache<string, ProofKey>({ max: 5_000 });

  /** @throws SyntaxError that says in a few words why this is not the header of a proof
   */
  parse(part: string, header: Readonly<Record<string, unknown>>): ProofKey {
    const known = this.#known.get(part);
    if (known !== undefined) return known;
    const found = parseHeader(header);
    this.#known.set(part, found);
    return found;
  }
}

function parseHeader(header: Readonly<Record<string, unknown>>): ProofKey {
  const { typ, alg, jwk, crit, b64 } = header;
  if (typ !== 'dpop+jwt') throw new SyntaxError(`its typ is ${quoteValue(typ)}, expected "dpop+jwt"`);
  if (typeof alg !== 'string' || !proofAlgorithms.includes(alg))
    throw new SyntaxError(`its algorithm is ${quoteValue(alg)}, expected one of ${proofAlgorithms.join(', ')}`);
  if (crit !== undefined || b64 !== undefined)
    throw new SyntaxError('its header has extensions (crit, b64), which are never taken');
  if (!isObject(jwk)) throw new SyntaxError('its header has no public key (jwk)');
  for (const name of otherKeys) {
    if (Object.hasOwn(header, name) || Object.hasOwn(jwk, name))
      throw new SyntaxError(`it names a key by ${name}, expected jwk alone`);
  }
  if (privateMembers.some((name) => Object.hasOwn(jwk, name)))
    throw new SyntaxError('its jwk is not a public key alone: never send a private key');
  if ((jwk['alg'] ?? alg) !== alg || (jwk['use'] ?? 'sig') !== 'sig' || !maySign(jwk['key_ops']))
    throw new SyntaxError('its jwk is meant for something else');
  const key = findKey(jwk);
  if (key === undefined || !fitsAlgorithm(key, alg))
    throw new SyntaxError(`its jwk is not a usable key for algorithm ${alg}`);
  return { alg, key, thumbprint: jwkThumbprint(key) };
}

function maySign(operations: unknown): boolean {
  return operations === undefined || (Array.isArray(operations) && operations.includes('verify'));
}

function findKey(jwk: Readonly<Record<string, unknown>>): KeyObject | undefined {
  try {
    // A JWK's members are checked where it is read.
    const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
    return modulusLength <= mostRsaBits && publicExponent <= largestExponent && isSoundKey(key) ? key : undefined;
  } catch {
    return undefined;
  }
}
