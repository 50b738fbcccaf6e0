import { LRUCache } from 'lru-cache';
import type { Clock } from '../lib/clock.ts';
import { type Flight, SingleFlight } from '../lib/single-flight.ts';
import type { Credential } from '../model/credential.ts';
import type { Identity } from '../model/identity.ts';
import { Secret } from '../model/secret.ts';
import type { UpstreamCredential } from '../model/upstream-credential.ts';
import type { Store } from '../model/store.ts';
import type { IssuedToken } from './parse-answer.ts';
import { RefusalMemory } from './refusal-memory.ts';
import { SharedTokens, type HeldToken } from './shared-tokens.ts';

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
  /** Where replicas keep its tokens together: a part of the store that belongs to this source and its settings alone. Absent
   * where each replica asks for itself.
   */
  readonly store?: Store | undefined;
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

  const shared = source.store === undefined ? undefined : new SharedTokens(source.store, now);
  /** What the service behind refused, while it is not known whether another replica has a newer one. */
  const spurned = new LRUCache<string, string>({ maxSize: 10_000, sizeCalculation: () => 1 });

  async function request(identity: Identity, handle: Flight): Promise<UpstreamCredential> {
    const { caller } = identity;
    const key = caller.tokenDigest;
    const startedAtMs = now();
    const ask = () => requestToken(identity, handle);
    const { token, isFresh } =
      shared === undefined ? { token: await ask(), isFresh: true } : await shared.obtain(key, spurned.get(key), ask);
    const nowMs = now();
    const header = { name: 'authorization', value: new Secret(`Bearer ${token.upstreamToken}`) };
    const fresh = { header, claims: token.claims, source: 'fresh', waitedMs: nowMs - startedAtMs } as const;
    const { freshUntilMs } = token;
    if (freshUntilMs !== undefined && freshUntilMs > nowMs) {
      const credential = Object.freeze({ ...fresh, source: 'cached', waitedMs: 0 } as const);
      kept.set(key, { credential, freshUntilMs });
    }
    return isFresh ? fresh : { ...fresh, source: 'cached' };
  }

  async function requestToken(identity: Identity, handle: Flight): Promise<HeldToken> {
    const { caller } = identity;
    const { upstreamToken, claims, expiresAtMs } = await source.request(identity, handle).catch((error: unknown) => {
      refused.keep(caller.tokenDigest, error);
      throw error;
    });
    if (expiresAtMs === undefined) return { upstreamToken, claims, freshUntilMs: undefined };
    const endsAtMs = Math.min(expiresAtMs, caller.expiresAtMs);
    return { upstreamToken, claims, freshUntilMs: endsAtMs - Math.min(30_000, (endsAtMs - now()) / 10) };
  }

  /** Waits for a request another call started: it asked the provider for nothing itself. */
  async function join(key: string, identity: Identity, signal: AbortSignal): Promise<UpstreamCredential> {
    const startedAtMs = now();
    const credential = await flight.run(key, (handle) => request(identity, handle), signal);
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
      // Another replica may have one, whatever the provider does now.
      if (shared === undefined) source.checkAvailable();
      return flight.run(key, (handle) => request(identity, handle), connection.signal);
    },
    evict(identity, refusedOne) {
      const key = identity.caller.tokenDigest;
      const known = kept.get(key);
      // Another call may have replaced it meanwhile: that one deserves its chance.
      if (known !== undefined && known.credential.header?.value === refusedOne.header?.value) kept.delete(key);
      const token = refusedOne.header?.value.reveal().replace(/^Bearer /, '');
      if (shared !== undefined && token !== undefined) spurned.set(key, token);
      return refusedOne.source === 'cached';
    },
  };
}
