import type { JSONWebKeySet } from 'jose';
import { createLocalJWKSet } from 'jose/jwks/local';
import type { Clock } from '../../lib/clock.ts';
import { describe } from '../../lib/describe-error.ts';
import type { HttpClient } from '../../lib/http-client.ts';
import { LastFailure } from '../../lib/last-failure.ts';
import type { Log } from '../../model/log.ts';
import { SingleFlight } from '../../lib/single-flight.ts';
import { TokenBucket } from '../../lib/token-bucket.ts';
import { discoverJwksUrl } from '../discover.ts';
import { pickUsableKeys } from '../../oauth/keys/pick-usable-keys.ts';
import type { FindKey } from '../../oauth/keys/verify-signature.ts';

/** Settings of a {@link KeyStore}. */
export interface KeyStoreOptions {
  readonly issuer: string;
  /** Discovered from the issuer when absent. */
  readonly jwksUrl: string | undefined;
  readonly allowHttp: boolean;
  readonly http: HttpClient;
  readonly now: Clock;
  readonly log: Log;
  /** Of the mounted server it works for. */
  readonly name: string;
}

/** The keys an issuer published at one time. */
export interface KeySet {
  readonly findKey: FindKey;
  /** Differs between two sets of other keys. */
  readonly generation: number;
  /** Identity of the whole set, to see whether anything changed. */
  readonly text: string;
  readonly fetchedAtMs: number;
  readonly refreshAtMs: number;
}

const timeoutMs = 5_000;
const shortestLifeMs = 60_000;
const longestLifeMs = 3_600_000;
const usualLifeMs = 600_000;
/** How long past their life keys are used while a refresh is under way; after an idle time they are asked for first. */
const graceMs = 60_000;
/** How long known keys are used when the issuer cannot be asked. */
const outageMs = 24 * 3_600_000;
/** After a failure the next call asks again, but not more often than this. */
const retryMs = 500;

/** An issuer's signing keys: fetched once, refreshed in the background, kept through an outage, asked for again at once
 * (but not often) when a token names a key that is not there. Never replaced by an empty or unreadable set.
 */
export class KeyStore {
  readonly #options: KeyStoreOptions;
  readonly #flight = new SingleFlight<void>();
  readonly #unknownKeyFetches: TokenBucket;
  #keys: KeySet | undefined;
  #generation = 0;
  readonly #failure = new LastFailure();

  constructor(options: KeyStoreOptions) {
    this.#options = options;
    this.#unknownKeyFetches = new TokenBucket({ burst: 2, intervalMs: 10_000, nowMs: options.now() });
  }

  /** Changes whenever the set of keys does: what was verified with an earlier one has to be verified again. */
  get generation(): number {
    return this.#generation;
  }

  get isReady(): boolean {
    return this.#usable() !== undefined;
  }

  /** The time; and where the clock was set back, the keys' age starts anew from it: they would otherwise not be due for as long
   * as the clock was set back, and a withdrawn key would be taken all that time.
   */
  #now(): number {
    const nowMs = this.#options.now();
    if (this.#keys !== undefined && nowMs < this.#keys.fetchedAtMs)
      this.#keys = { ...this.#keys, fetchedAtMs: nowMs, refreshAtMs: nowMs };
    return nowMs;
  }

  /** Could the issuer not be asked the last time? */
  get isFailing(): boolean {
    return this.#failure.reason !== undefined;
  }

  /** Must the issuer be asked before the keys are used again? Their life is over, and nobody asked or tried to for a
   * while: a key may have been withdrawn in the meantime.
   */
  get isOverdue(): boolean {
    const nowMs = this.#now();
    if (this.#keys === undefined) return true;
    if (nowMs < this.#keys.refreshAtMs + graceMs) return false;
    return !this.#failure.wasWithin(graceMs, nowMs);
  }

  /** Why there are no keys, in a few words. */
  get failure(): string {
    return this.#failure.reason ?? 'not fetched yet';
  }

  /** Starts a refresh when one is due. Costs two comparisons otherwise; call it on every request. */
  refreshIfDue(): void {
    const nowMs = this.#now();
    if (this.#keys !== undefined && nowMs >= this.#keys.refreshAtMs && this.#mayRetry(nowMs)) void this.#fetch();
  }

  /** The keys, waiting for a fetch if there are none yet or they are overdue; undefined when they cannot be had. */
  async read(signal?: AbortSignal): Promise<KeySet | undefined> {
    const mustAsk = this.#usable() === undefined || this.isOverdue;
    if (mustAsk && this.#mayRetry(this.#now())) await this.#fetch(signal);
    return this.#usable();
  }

  /** Asks the issuer again because a token names a key that is not in the given generation. Undefined when nothing newer
   * could be had: asked too often already, or the same keys came back.
   */
  async readNewer(generation: number, signal?: AbortSignal): Promise<KeySet | undefined> {
    if (this.#generation === generation) {
      if (!this.#flight.has('keys') && !this.#unknownKeyFetches.take(this.#options.now())) return undefined;
      await this.#fetch(signal);
    }
    return this.#generation === generation ? undefined : this.#usable();
  }

  #usable(): KeySet | undefined {
    const nowMs = this.#now();
    return this.#keys !== undefined && nowMs < this.#keys.fetchedAtMs + outageMs ? this.#keys : undefined;
  }

  #mayRetry(nowMs: number): boolean {
    return !this.#failure.wasWithin(retryMs, nowMs) || this.#flight.has('keys');
  }

  #fetch(signal?: AbortSignal): Promise<void> {
    return this.#flight.run('keys', () => this.#fetchNow(), signal);
  }

  /** Never throws: what went wrong is kept in `failure`, and old keys stay. */
  async #fetchNow(): Promise<void> {
    const { http, now } = this.#options;
    try {
      const url = await this.#jwksUrl();
      const answer = await http.send(url, {
        method: 'GET',
        headers: { accept: 'application/jwk-set+json, application/json' },
        timeoutMs,
      });
      if (answer.status !== 200) throw new Error(`${url}: status ${answer.status}`);
      const keys = pickUsableKeys(await answer.json().catch(() => undefined));
      if (keys.length === 0) throw new Error(`${url}: not a key set with at least one key for signatures`);
      this.#replace({ keys: [...keys] }, lifeMs(answer.headers.get('cache-control')), now());
      if (this.#failure.clear()) this.#tellRecovery();
    } catch (cause) {
      const reason = describe(cause);
      if (this.#failure.note(reason, now())) this.#tellFailure(reason);
    }
  }

  /** Once for each outage: what follows from it is in the log and in /ready by itself. */
  #tellFailure(reason: string): void {
    const { issuer, log, name } = this.#options;
    if (this.#keys === undefined) {
      const hint = 'Until it works, calls are refused with keys_unavailable and /ready says 503; both ask again.';
      return log.warn(`Cannot verify tokens yet: the keys of ${issuer} are not available: ${reason}`, {
        server: name,
        hint,
      });
    }
    const until = new Date(this.#keys.fetchedAtMs + outageMs).toISOString();
    const hint = `Tokens are verified with the keys known so far until ${until}; keys withdrawn meanwhile keep working.`;
    log.warn(`Cannot refresh the keys of ${issuer}: ${reason}`, { server: name, hint });
  }

  #tellRecovery(): void {
    const { issuer, log, name } = this.#options;
    log.info(`The keys of ${issuer} can be fetched again`, { server: name });
  }

  #replace(jwks: JSONWebKeySet, lifetimeMs: number, nowMs: number): void {
    const text = JSON.stringify(jwks.keys);
    const isSame = text === this.#keys?.text;
    const findKey = isSame ? this.#keys?.findKey : undefined;
    if (!isSame) this.#generation += 1;
    this.#keys = {
      findKey: findKey ?? createLocalJWKSet(jwks),
      generation: this.#generation,
      text,
      fetchedAtMs: nowMs,
      refreshAtMs: nowMs + lifetimeMs,
    };
  }

  async #jwksUrl(): Promise<string> {
    const { issuer, jwksUrl, http, allowHttp } = this.#options;
    return jwksUrl ?? (await discoverJwksUrl(issuer, { http, timeoutMs, allowHttp }));
  }
}

/** RFC 9111 §5.2.2.1 `max-age`, kept between a minute and an hour. */
function lifeMs(cacheControl: string | null): number {
  const maxAge = /(?:^|[\s,])max-age=(\d{1,9})/i.exec(cacheControl ?? '')?.[1];
  if (maxAge === undefined) return usualLifeMs;
  return Math.min(longestLifeMs, Math.max(shortestLifeMs, Number(maxAge) * 1000));
}
