import { hash } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import { parseJwtParts, type JwtParts } from '../../lib/jwt-parts.ts';
import { quoteValue } from '../quote-value.ts';
import { findTargetUri } from '../../lib/target-uri.ts';
import type { PresentedProof, ProofCheck } from '../../model/proof-check.ts';
import { fail } from '../../model/usher-error.ts';
import { Nonces } from './nonces.ts';
import { isSignedBy, proofAlgorithms } from './proof-algorithms.ts';
import { ProofKeys } from './proof-keys.ts';
import type { ReplayStore } from './replay-memory.ts';
import type { DpopSettings } from './schema.ts';

export interface ProofCheckDeps {
  /** What clients know the server by: proofs name it, whatever Host a request has. */
  readonly resourceUrl: string;
  /** Between the clocks of clients and this one. */
  readonly clockSkewSeconds: number;
  readonly replays: ReplayStore;
  /** Of all replicas; one of this process's own when absent. */
  readonly nonceSecret?: Buffer | undefined;
  readonly now: Clock;
}

/** No key and no claim that is asked for makes one as long as this. */
const longestProof = 8 * 1024;

/** Proof of possession of the key a caller's token is bound to (RFC 9449 §4.3), cheapest first: with the header known, a
 * good proof costs one verification of a signature.
 */
export function buildProofCheck(settings: DpopSettings, deps: ProofCheckDeps): ProofCheck {
  const { resourceUrl, now, replays } = deps;
  const keys = new ProofKeys();
  const maxAgeMs = settings.maxAgeSeconds * 1000;
  const skewMs = deps.clockSkewSeconds * 1000;
  const nonces = settings.nonces ? new Nonces({ now, lifeMs: maxAgeMs, secret: deps.nonceSecret }) : undefined;
  const target = findTargetUri(resourceUrl);

  /** What the proof says of the request, and when it is too old, in milliseconds since the epoch. */
  function checkClaims({ claims }: JwtParts, { method, caller }: PresentedProof): number {
    const { htm, htu, iat, ath, jti } = claims;
    if (htm !== method) throw new SyntaxError(`its htm is ${quoteValue(htm)}, the method is ${quoteValue(method)}`);
    if (typeof htu !== 'string' || (htu !== resourceUrl && findTargetUri(htu) !== target))
      throw new SyntaxError(`its htu is ${quoteValue(htu)}, expected ${quoteValue(resourceUrl)}`);
    if (ath !== caller.tokenDigest)
      throw new SyntaxError(`its ath is ${ath === undefined ? 'missing' : 'not the digest of the token'}`);
    if (typeof jti !== 'string' || jti === '') throw new SyntaxError('its jti is missing or not a text');
    if (typeof iat !== 'number' || !Number.isFinite(iat)) throw new SyntaxError('its iat is missing or not a number');
    const nowMs = now();
    if (iat * 1000 > nowMs + skewMs) throw new SyntaxError(`it is from the future: its iat is ${iat}`);
    const endsAtMs = iat * 1000 + maxAgeMs + skewMs;
    if (nowMs >= endsAtMs)
      throw new SyntaxError(`it is too old: its iat is ${iat}, expected one of the last ${settings.maxAgeSeconds} s`);
    return endsAtMs;
  }

  function checkProof(presented: PresentedProof) {
    const { proofs, caller } = presented;
    const [proof] = proofs;
    if (proof === undefined) throw new SyntaxError('there is none; send one in the DPoP header');
    if (proofs.length > 1) throw new SyntaxError(`there are ${proofs.length} DPoP headers, expected one`);
    if (proof.length > longestProof) throw new SyntaxError(`it is longer than ${longestProof} characters`);
    const parts = parseJwtParts(proof);
    const textEnd = proof.lastIndexOf('.');
    const key = keys.parse(proof.slice(0, proof.indexOf('.')), parts.header);
    const untilMs = checkClaims(parts, presented);
    if (key.thumbprint !== caller.jkt) throw new SyntaxError('its key is not the one the token is bound to');
    const signature = Buffer.from(proof.slice(textEnd + 1), 'base64url');
    if (!isSignedBy(key.key, key.alg, proof.slice(0, textEnd), signature))
      throw new SyntaxError('its signature does not match its key');
    return { untilMs, jti: String(parts.claims['jti']), nonce: parts.claims['nonce'] };
  }

  function refusalOf(cause: unknown, { caller }: PresentedProof): unknown {
    return cause instanceof SyntaxError
      ? fail('dpop_proof_invalid', { reason: cause.message }, { cause, claims: caller.claims })
      : cause;
  }

  return {
    isRequired: settings.required,
    algorithms: proofAlgorithms,
    check(presented) {
      const { caller } = presented;
      const used = () =>
        fail('dpop_proof_invalid', { reason: 'it was used before, or may have been' }, { claims: caller.claims });
      let checked: ReturnType<typeof checkProof>;
      try {
        checked = checkProof(presented);
      } catch (cause) {
        throw refusalOf(cause, presented);
      }
      const { untilMs, jti, nonce } = checked;
      if (nonces?.isGood(nonce) === false)
        throw fail('dpop_nonce_needed', {}, { nonce: nonces.current, claims: caller.claims });
      const next = nonces === undefined || nonce === nonces.current ? undefined : nonces.current;
      // A key's own jti: nobody can use up another's. Digested, since clients choose how long it is.
      const isNew = replays.isNew(`${caller.jkt}.${hash('sha256', jti, 'base64url')}`, untilMs, maxAgeMs + skewMs);
      if (isNew instanceof Promise) {
        return isNew.then((first) => {
          if (!first) throw used();
          return next;
        });
      }
      if (!isNew) throw used();
      return next;
    },
  };
}
