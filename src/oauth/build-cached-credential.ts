import { LRUCache } from 'lru-cache';
import type { Clock } from '../lib/clock.ts';
import { dropEnded } from '../lib/drop-ended.ts';
import { type Flight, SingleFlight } from '../lib/single-flight.ts';
import type { Credential } from '../model/credential.ts';
import type { Identity } from '../model/identity.ts';
import { Secret } from '../model/secret.ts';
import { scopeStore, type Store } from '../model/store.ts';
import type { UpstreamCredential, UpstreamProof } from '../model/upstream-credential.ts';
import { UsherError } from '../model/usher-error.ts';
import type { Subject } from './hand-in.ts';
import { boundHeader, buildHeaderForm, type HeaderSettings } from './header-form.ts';
import type { IssuedToken } from './parse-answer.ts';
import { RefusalMemory } from './refusal-memory.ts';
import { SharedTokens, type HeldToken } from './shared-tokens.ts';
import { findFreshUntil, findRefreshAt, isFresh, type TokenLife } from './token-life.ts';

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
  /** Present where its tokens are bound to a key of this gateway (RFC 9449 §7.1). */
  readonly binding?: TokenBinding | undefined;
}

export interface TokenBinding {
  readonly thumbprint: string;
  /** Proofs for one of the tokens. */
  proofFor(upstreamToken: string): UpstreamProof;
}

export interface CachedCredentialDeps {
  readonly now: Clock;
  /** Where replicas keep its tokens together: a part of the store that belongs to this credential and its settings alone.
   * Absent where each replica asks for itself.
   */
  readonly store?: Store | undefined;
}

interface Kept extends TokenLife {
  readonly credential: UpstreamCredential;
  /** From here on a call has the next one asked for; infinite when that was done, or would change nothing. */
  refreshAtMs: number;
  /** When the service behind refused it although it had just been asked for. */
  refusedAtMs?: number;
}

/** While the provider is left alone nobody asks it for the next token; then a call looks again after this long. */
const refreshPauseMs = 2_000;

/** A service that refuses tokens as soon as they are issued refuses the next one, too: it is not asked for before this is over,
 * however often the caller calls.
 */
const replacePauseMs = 1_000;

/** The provider has just said that it does not let this caller through any more. */
const withdrawals: ReadonlySet<string> = new Set(['exchange_subject_refused', 'exchange_step_up', 'exchange_denied']);

/** A credential whose tokens are asked for once per caller's token and target, however many calls race: the key is the
 * digest of the whole token, never the user, and each target has a cache of its own. A token is handed out until shortly
 * before the first of the two tokens ends. A call in the last fifth of that time has the next one asked for, and does not
 * wait for it. A refusal that is this token's own stands for a few seconds; a provider that does not work is left alone.
 * @param settings which header carries the tokens that are not bound to a key
 */
export function buildCachedCredential(
  source: TokenSource,
  settings: HeaderSettings,
  { now, store }: CachedCredentialDeps,
): Credential {
  const { binding } = source;
  const form = binding === undefined ? buildHeaderForm(settings) : boundHeader;
  const kept = new LRUCache<string, Kept>({
    maxSize: 64 * 1024 * 1024,
    sizeCalculation: ({ credential }) => (credential.header?.value.reveal().length ?? 0) + 1024,
  });
  const refused = new RefusalMemory(now);
  const flight = new SingleFlight<UpstreamCredential>();
  const isShared = source.actsAs === 'gateway';
  const keyOf = ({ caller }: Identity) => (isShared ? '' : caller.tokenDigest);
  // What an issuer said of an opaque token it may have said otherwise at another replica.
  const sharedKeyOf = ({ caller }: Identity) => (isShared ? '' : `${caller.tokenDigest} ${caller.principal}`);

  // Who has another key could do nothing with them.
  const common = store === undefined || binding === undefined ? store : scopeStore(store, binding.thumbprint);
  const replicas = common === undefined ? undefined : new SharedTokens(common, now);
  /** What the service behind refused, or the provider withdrew: another replica may not know yet. */
  const spurned = new LRUCache<string, string>({ maxSize: 10_000, sizeCalculation: () => 1 });

  /** @param replaced the token that the new one is for, where there is one at hand */
  async function request(identity: Identity, handle: Flight, replaced?: string): Promise<UpstreamCredential> {
    const key = keyOf(identity);
    const startedAtMs = now();
    const ask = () => requestToken(identity, handle);
    const { token, isOwn } =
      replicas === undefined
        ? { token: await ask(), isOwn: true }
        : await replicas.obtain(sharedKeyOf(identity), replaced ?? spurned.get(key), ask);
    const nowMs = now();
    const { claims, steps, freshUntilMs, refreshAtMs } = token;
    const credential = {
      header: { name: form.name, value: new Secret(`${form.prefix}${token.upstreamToken}`) },
      proof: binding?.proofFor(token.upstreamToken),
      claims,
      source: isOwn ? 'fresh' : 'cached',
      waitedMs: nowMs - startedAtMs,
      ...(isShared ? ({ actsAs: 'gateway' } as const) : {}),
      ...(steps === undefined ? {} : { steps }),
    } as const;
    if (freshUntilMs !== undefined) {
      const cached = Object.freeze({ ...credential, source: 'cached', waitedMs: 0 } as const);
      dropEnded(kept, (one) => !isFresh(one, nowMs));
      const entry = { credential: cached, fromMs: nowMs, freshUntilMs, refreshAtMs: refreshAtMs ?? Infinity };
      if (freshUntilMs > nowMs) kept.set(key, entry);
    }
    return Object.freeze(credential);
  }

  async function requestToken(identity: Identity, handle: Flight): Promise<HeldToken> {
    const token = await source.request(identity, handle).catch((error: unknown) => {
      refused.keep(keyOf(identity), error);
      throw error;
    });
    const { upstreamToken, claims, steps, expiresAtMs } = token;
    const held = { upstreamToken, claims, ...(steps === undefined ? {} : { steps }) };
    if (expiresAtMs === undefined) return { ...held, freshUntilMs: undefined };
    const nowMs = now();
    const callerEndsAtMs = isShared ? Number.POSITIVE_INFINITY : identity.caller.expiresAtMs;
    const freshUntilMs = findFreshUntil(Math.min(expiresAtMs, callerEndsAtMs), nowMs);
    // With the caller's own token everything ends: another one would not last longer.
    if (expiresAtMs >= callerEndsAtMs) return { ...held, freshUntilMs };
    return { ...held, freshUntilMs, refreshAtMs: findRefreshAt(freshUntilMs, nowMs) };
  }

  /** What is kept, if it is this token. */
  const keptAs = (key: string, one: UpstreamCredential): Kept | undefined => {
    const entry = kept.get(key);
    return entry?.credential.header?.value === one.header?.value ? entry : undefined;
  };

  const bareToken = (one: UpstreamCredential) => one.header?.value.reveal().slice(form.prefix.length);

  function forget(key: string, over: UpstreamCredential): void {
    // Another call may have replaced it meanwhile: that one deserves its chance.
    if (keptAs(key, over) !== undefined) kept.delete(key);
    const token = bareToken(over);
    if (replicas !== undefined && token !== undefined) spurned.set(key, token);
  }

  /** Waits for a request another call started: it asked the provider for nothing itself. */
  async function join(key: string, identity: Identity, signal: AbortSignal): Promise<UpstreamCredential> {
    const startedAtMs = now();
    const credential = await flight.run(key, (handle) => request(identity, handle), signal);
    return Object.freeze({ ...credential, source: 'cached', waitedMs: now() - startedAtMs } as const);
  }

  /** Once for each token: where nobody answers or the operator has to mend something, the token at hand is good until its end,
   * and then a call asks as ever. Where the provider says no to this caller, it is over at once.
   */
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
    flight
      .run(key, (handle) => request(identity, handle, bareToken(known.credential)))
      .catch((error: unknown) => {
        if (error instanceof UsherError && withdrawals.has(error.code)) forget(key, known.credential);
      });
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
      // Another replica may have one, whatever the provider does now.
      if (replicas === undefined) source.checkAvailable();
      return flight.run(key, (handle) => request(identity, handle), connection.signal);
    },
    evict(identity, refusedOne) {
      const key = keyOf(identity);
      const entry = keptAs(key, refusedOne);
      const nowMs = now();
      if (refusedOne.source === 'fresh' && entry !== undefined) {
        entry.refusedAtMs = nowMs;
        return false;
      }
      if (entry?.refusedAtMs !== undefined && Math.abs(nowMs - entry.refusedAtMs) < replacePauseMs) return false;
      forget(key, refusedOne);
      return refusedOne.source === 'cached';
    },
  };
}
