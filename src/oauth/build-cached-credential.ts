import { LRUCache } from 'lru-cache';
import type { Clock } from '../lib/clock.ts';
import { dropEnded } from '../lib/drop-ended.ts';
import { type Flight, SingleFlight } from '../lib/single-flight.ts';
import type { Credential } from '../model/credential.ts';
import type { Identity } from '../model/identity.ts';
import { Secret } from '../model/secret.ts';
import type { UpstreamCredential } from '../model/upstream-credential.ts';
import type { Subject } from './hand-in.ts';
import { authorizationHeader, type HeaderForm } from './header-form.ts';
import type { IssuedToken } from './parse-answer.ts';
import { RefusalMemory } from './refusal-memory.ts';
import { findFreshUntil, findRefreshAt } from './token-life.ts';

/** Where a credential's tokens come from. */
export interface TokenSource {
  /** Of the credential. */
  readonly strategy: string;
  /** Set where the tokens are the gateway's own: one for all callers, whoever they are. */
  readonly actsAs?: 'gateway';
  /** @throws UsherError exchange_unavailable when nobody may be asked now */
  checkAvailable(): void;
  /** A new token to act for this caller, or for whom an earlier step got a token.
   * @throws UsherError of stage exchange
   */
  request(subject: Subject, flight: Flight): Promise<IssuedToken>;
}

export interface CachedCredentialDeps {
  readonly now: Clock;
  /** What carries the tokens; the Authorization header when absent. */
  readonly header?: HeaderForm;
}

interface Kept {
  readonly credential: UpstreamCredential;
  /** A clock that shows less than this was set back, and what it says of the end is worth nothing. */
  readonly fromMs: number;
  /** Past this it is not handed out any more; milliseconds since the epoch. */
  readonly freshUntilMs: number;
  /** From here on a call has the next one asked for; infinite when that was done, or would change nothing. */
  refreshAtMs: number;
}

/** While the provider is left alone nobody asks it for the next token; then a call looks again after this long. */
const refreshPauseMs = 2_000;

/** A credential whose tokens are asked for once per caller's token and target, however many calls race: the key is the
 * digest of the whole token, never the user, and each target has a cache of its own. A token is handed out until shortly
 * before the first of the two tokens ends. A call in the last fifth of that time has the next one asked for, and does not
 * wait for it. A refusal that is this token's own stands for a few seconds; a provider that does not work is left alone.
 */
export function buildCachedCredential(
  source: TokenSource,
  { now, header: form = authorizationHeader }: CachedCredentialDeps,
): Credential {
  const kept = new LRUCache<string, Kept>({
    maxSize: 64 * 1024 * 1024,
    sizeCalculation: ({ credential }) => (credential.header?.value.reveal().length ?? 0) + 1024,
  });
  const refused = new RefusalMemory(now);
  const flight = new SingleFlight<UpstreamCredential>();
  const isShared = source.actsAs === 'gateway';
  const keyOf = ({ caller }: Identity) => (isShared ? '' : caller.tokenDigest);

  async function request(identity: Identity, shared: Flight): Promise<UpstreamCredential> {
    const key = keyOf(identity);
    const startedAtMs = now();
    const token = await source.request(identity, shared).catch((error: unknown) => {
      refused.keep(key, error);
      throw error;
    });
    const nowMs = now();
    const { claims, steps } = token;
    const credential = {
      header: { name: form.name, value: new Secret(`${form.prefix}${token.upstreamToken}`) },
      claims,
      source: 'fresh',
      waitedMs: nowMs - startedAtMs,
      ...(isShared ? ({ actsAs: 'gateway' } as const) : {}),
      ...(steps === undefined ? {} : { steps }),
    } as const;
    if (token.expiresAtMs !== undefined) {
      const callerEndsAtMs = isShared ? Number.POSITIVE_INFINITY : identity.caller.expiresAtMs;
      const freshUntilMs = findFreshUntil(Math.min(token.expiresAtMs, callerEndsAtMs), nowMs);
      // With the caller's own token everything ends: another one would not last longer.
      const isRenewable = token.expiresAtMs < callerEndsAtMs;
      const refreshAtMs = isRenewable ? findRefreshAt(freshUntilMs, nowMs) : Number.POSITIVE_INFINITY;
      const cached = Object.freeze({ ...credential, source: 'cached', waitedMs: 0 } as const);
      dropEnded(kept, (one) => !isFresh(one, nowMs));
      if (freshUntilMs > nowMs) kept.set(key, { credential: cached, fromMs: nowMs, freshUntilMs, refreshAtMs });
    }
    return Object.freeze(credential);
  }

  /** Waits for a request another call started: it asked the provider for nothing itself. */
  async function join(key: string, identity: Identity, signal: AbortSignal): Promise<UpstreamCredential> {
    const startedAtMs = now();
    const credential = await flight.run(key, (shared) => request(identity, shared), signal);
    return Object.freeze({ ...credential, source: 'cached', waitedMs: now() - startedAtMs } as const);
  }

  /** Once for each token: where it fails, the token at hand is good until its end, and then a call asks as ever. */
  function refresh(known: Kept, identity: Identity, nowMs: number): void {
    const key = keyOf(identity);
    known.refreshAtMs = nowMs + refreshPauseMs;
    if (flight.has(key)) return;
    try {
      source.checkAvailable();
    } catch {
      return;
    }
    known.refreshAtMs = Number.POSITIVE_INFINITY;
    flight.run(key, (shared) => request(identity, shared)).catch(() => {});
  }

  return {
    strategy: source.strategy,
    obtain(identity, connection) {
      const key = keyOf(identity);
      const known = kept.get(key);
      if (known !== undefined) {
        const nowMs = now();
        if (isFresh(known, nowMs)) {
          if (nowMs >= known.refreshAtMs) refresh(known, identity, nowMs);
          return known.credential;
        }
      }
      if (flight.has(key)) return join(key, identity, connection.signal);
      const refusal = refused.find(key);
      if (refusal !== undefined) throw refusal;
      source.checkAvailable();
      return flight.run(key, (shared) => request(identity, shared), connection.signal);
    },
    evict(identity, spurned) {
      const key = keyOf(identity);
      const known = kept.get(key);
      // Another call may have replaced it meanwhile: that one deserves its chance.
      if (known !== undefined && known.credential.header?.value === spurned.header?.value) kept.delete(key);
      return spurned.source === 'cached';
    },
  };
}

function isFresh({ fromMs, freshUntilMs }: Kept, nowMs: number): boolean {
  return nowMs >= fromMs && nowMs < freshUntilMs;
}
