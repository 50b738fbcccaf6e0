import { hash } from 'node:crypto';
import { addressGroup } from '../../lib/address-group.ts';
import { compileNames } from '../../lib/compile-names.ts';
import type { Message } from '../../model/call.ts';
import type { Caller } from '../../model/caller.ts';
import type { Log } from '../../model/log.ts';
import type { Store } from '../../model/store.ts';
import { type Bucket, findLackMs, type Rate, take } from './bucket.ts';
import { Buckets } from './buckets.ts';
import { Reports } from './reports.ts';
import type { RateLimitRule } from './schema.ts';

export interface LimitDeps {
  /** Milliseconds of a clock that is never set. */
  readonly now: () => number;
  readonly log: Log;
  /** Of the mounted server, for the log. */
  readonly server: string;
  /** Where replicas count together; undefined where there is one. */
  readonly store: Store | undefined;
  /** Of one limit; injected by tests. */
  readonly mostBuckets?: number | undefined;
}

const usualMostBuckets = 100_000;
const tellFullEveryMs = 60_000;

/** One limit: which messages count, whose are counted together, and how many are left. */
export class Limit {
  /** Where it stands in the configuration. */
  readonly place: string;
  readonly burst: number;
  /** For callers. */
  readonly text: string;
  readonly #rule: RateLimitRule;
  readonly #rate: Rate;
  readonly #fits: ((tool: string) => boolean) | undefined;
  readonly #deps: LimitDeps;
  readonly #buckets: Buckets;
  readonly #reports: Reports | undefined;
  readonly #keys = new WeakMap<Caller, string>();
  #toldFullAtMs = Number.NEGATIVE_INFINITY;

  constructor(rule: RateLimitRule, place: string, deps: LimitDeps) {
    const { calls, windowSeconds, burst = calls, tools, per } = rule;
    this.place = place;
    this.burst = burst;
    this.text = `${calls} ${tools === undefined ? 'calls' : 'such calls'} in ${windowSeconds} s per ${per}`;
    this.#rule = rule;
    this.#rate = { intervalMs: (windowSeconds * 1000) / calls, burst };
    this.#fits = tools === undefined ? undefined : compileNames(tools);
    this.#deps = deps;
    this.#buckets = new Buckets({ most: deps.mostBuckets ?? usualMostBuckets, onFull: () => this.#tellFull() });
    this.#reports = deps.store === undefined ? undefined : new Reports(deps.store, { rate: this.#rate, now: deps.now });
  }

  /** How many of these messages count. */
  count(messages: readonly Message[]): number {
    let count = 0;
    for (const message of messages) if (this.#counts(message)) count += 1;
    return count;
  }

  bucketOf(caller: Caller, from: string | undefined): Bucket {
    return this.#buckets.find(this.#keyOf(caller, from), this.#deps.now());
  }

  /** How long until so many are left; not above 0 when they are. */
  findLackMs(bucket: Bucket, count: number): number {
    return findLackMs(bucket, count, { nowMs: this.#deps.now(), rate: this.#rate });
  }

  findWait(bucket: Bucket, count: number): Promise<void> | undefined {
    return this.#reports?.findWait(bucket, count);
  }

  take(bucket: Bucket, count: number): void {
    take(bucket, count, { nowMs: this.#deps.now(), rate: this.#rate });
    this.#reports?.note(bucket, count);
  }

  /** Whose calls were counted together, for the operator. */
  describeWhom({ issuer, subject, clientId, principal }: Caller, from: string | undefined): string {
    const { per } = this.#rule;
    if (per === 'server') return 'all callers together';
    if (principal === '') return `callers without a token from ${addressGroup(from ?? 'an unknown address')}`;
    return per === 'user'
      ? `user ${JSON.stringify(subject)} of ${issuer}`
      : `client ${JSON.stringify(clientId ?? '')} of ${issuer}`;
  }

  /** By what it asks for and not by whether it asks for an answer: a server may carry out a call that has no id. What must
   * not get lost, or is there to keep a connection alive, does not count.
   */
  #counts({ method, target }: Message): boolean {
    if (this.#fits !== undefined) return method === 'tools/call' && this.#fits(target ?? '');
    return method !== undefined && method !== 'ping' && !method.startsWith('notifications/');
  }

  #keyOf(caller: Caller, from: string | undefined): string {
    const { per } = this.#rule;
    if (per === 'server') return '';
    if (caller.principal === '') return addressGroup(from ?? '');
    const known = this.#keys.get(caller);
    if (known !== undefined) return known;
    const parts = per === 'user' ? [caller.issuer, caller.subject] : [caller.issuer, caller.clientId ?? null];
    // Of one length, however long the names are.
    const key = hash('sha256', JSON.stringify(parts), 'base64url');
    this.#keys.set(caller, key);
    return key;
  }

  #tellFull(): void {
    const { now, log, server } = this.#deps;
    if (now() - this.#toldFullAtMs < tellFullEveryMs) return;
    this.#toldFullAtMs = now();
    log.warn(`More than ${this.#buckets.size} callers have to be counted at once`, {
      server,
      limit: this.place,
      hint: 'Newcomers are counted in groups until there is room: nobody gets more than the limit, some may get less. Such a number is hardly real; see from in the audit trail.',
    });
  }
}
