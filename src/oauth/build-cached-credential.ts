import { LRUCache } from 'lru-cache';
import type { Clock } from '../lib/clock.ts';
import { type Flight, SingleFlight } from '../lib/single-flight.ts';
import type { Credential } from '../model/credential.ts';
import type { Identity } from '../model/identity.ts';
import { Secret } from '../model/secret.ts';
import type { UpstreamCredential, UpstreamProof } from '../model/upstream-credential.ts';
import type { IssuedToken } from './parse-answer.ts';
import { RefusalMemory } from './refusal-memory.ts';

/** Where a credential's tokens come from. */
export interface TokenSource {
  /** Of the credential. */
  readonly strategy: string;
  /** @throws UsherError exchange_unavailable when nobody may be asked now */
  checkAvailable(): void;
  /** A new token to act for this caller.
   * @throws UsherError of stage exchange
   */
  request(identity: Identity, flight: Flight): Promise<IssuedToken>;
  /** Present where its tokens are bound to a key: proofs for one of them (RFC 9449 §7.1). */
  readonly proofFor?: ((upstreamToken: string) => UpstreamProof) | undefined;
}

interface Kept {
  readonly credential: UpstreamCredential;
  /** Past this it is not handed out any more; milliseconds since the epoch. */
  readonly freshUntilMs: number;
}

/** A credential whose tokens are asked for once per caller's token and target, however many calls race: the key is the
 * digest of the whole token, never the user, and each target has a cache of its own. A token is handed out until shortly
 * before the first of the two tokens ends. A refusal that is this token's own stands for a few seconds; a provider that does
 * not work is left alone.
 */
export function buildCachedCredential(source: TokenSource, { now }: { readonly now: Clock }): Credential {
  const kept = new LRUCache<string, Kept>({
    maxSize: 64 * 1024 * 1024,
    sizeCalculation: ({ credential }) => (credential.header?.value.reveal().length ?? 0) + 1024,
  });
  const refused = new RefusalMemory(now);
  const flight = new SingleFlight<UpstreamCredential>();

  async function request(identity: Identity, shared: Flight): Promise<UpstreamCredential> {
    const { caller } = identity;
    const startedAtMs = now();
    const token = await source.request(identity, shared).catch((error: unknown) => {
      refused.keep(caller.tokenDigest, error);
      throw error;
    });
    const nowMs = now();
    const proof = source.proofFor?.(token.upstreamToken);
    const scheme = proof === undefined ? 'Bearer' : 'DPoP';
    const header = { name: 'authorization', value: new Secret(`${scheme} ${token.upstreamToken}`) };
    const fresh = { header, proof, claims: token.claims, source: 'fresh', waitedMs: nowMs - startedAtMs } as const;
    if (token.expiresAtMs !== undefined) {
      const endsAtMs = Math.min(token.expiresAtMs, caller.expiresAtMs);
      const freshUntilMs = endsAtMs - Math.min(30_000, (endsAtMs - nowMs) / 10);
      const credential = Object.freeze({ ...fresh, source: 'cached', waitedMs: 0 } as const);
      if (freshUntilMs > nowMs) kept.set(caller.tokenDigest, { credential, freshUntilMs });
    }
    return fresh;
  }

  /** Waits for a request another call started: it asked the provider for nothing itself. */
  async function join(key: string, identity: Identity, signal: AbortSignal): Promise<UpstreamCredential> {
    const startedAtMs = now();
    const credential = await flight.run(key, (shared) => request(identity, shared), signal);
    return { ...credential, source: 'cached', waitedMs: now() - startedAtMs };
  }

  return {
    strategy: source.strategy,
    obtain(identity, connection) {
      const key = identity.caller.tokenDigest;
      const known = kept.get(key);
      if (known !== undefined && now() < known.freshUntilMs) return known.credential;
      if (flight.has(key)) return join(key, identity, connection.signal);
      const refusal = refused.find(key);
      if (refusal !== undefined) throw refusal;
      source.checkAvailable();
      return flight.run(key, (shared) => request(identity, shared), connection.signal);
    },
    evict(identity, spurned) {
      const key = identity.caller.tokenDigest;
      const known = kept.get(key);
      // Another call may have replaced it meanwhile: that one deserves its chance.
      if (known !== undefined && known.credential.header?.value === spurned.header?.value) kept.delete(key);
      return spurned.source === 'cached';
    },
  };
}
