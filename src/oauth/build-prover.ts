import type { Clock } from '../lib/clock.ts';
import type { TokenSource } from './build-cached-credential.ts';
import type { ProofSettings } from './proof-fields.ts';
import { makeProofKey, requireProofKey } from './proof-key.ts';
import { Prover } from './prover.ts';

/** Proves the key of these settings; undefined where tokens are bound to none.
 * @throws UsherError config_invalid when the file of the key cannot be used
 */
export function buildProver({ dpop, dpopKeyFile: file }: ProofSettings, now: Clock): Prover | undefined {
  if (!dpop) return undefined;
  return new Prover(file === undefined ? makeProofKey() : requireProofKey(file, 'dpopKeyFile'), now);
}

/** What a source of tokens tells of the key that its tokens are bound to. */
export function bindingOf(prover: Prover | undefined, { dpopUrl }: ProofSettings): TokenSource['binding'] {
  if (prover === undefined) return undefined;
  return {
    thumbprint: prover.thumbprint,
    proofFor: (upstreamToken) => prover.forToken(upstreamToken, dpopUrl),
  };
}
