import type { Caller } from '../../model/caller.ts';
import type { RateLimits } from '../../model/rate-limits.ts';
import type { Store } from '../../model/store.ts';
import { fail, type UsherError } from '../../model/usher-error.ts';
import type { Bucket } from './bucket.ts';
import { Limit, type LimitDeps } from './limit.ts';
import type { RateLimitRule, RateLimitSettings } from './schema.ts';

export interface RateLimitDeps extends Omit<LimitDeps, 'store'> {
  /** The part of a shared store that belongs to this rule at this place; undefined where there is none. */
  readonly scope: (rule: RateLimitRule, place: string) => Store | undefined;
}

/** A limit that a request falls under. */
interface Use {
  readonly limit: Limit;
  readonly bucket: Bucket;
  readonly count: number;
}

interface Asking {
  readonly caller: Caller;
  readonly from: string | undefined;
}

/** Strategy `rate-limit`: so many calls in a time, and so many at once. Undefined where nothing is limited. */
export function buildRateLimits(
  settings: RateLimitSettings,
  { scope, ...deps }: RateLimitDeps,
): RateLimits | undefined {
  const { calls, windowSeconds, burst } = settings;
  const rules = settings.rules.map((rule, index) => ({ rule, place: `rateLimit.rules[${index}]` }));
  if (calls !== undefined)
    rules.unshift({ rule: { per: 'user', calls, windowSeconds, burst, tools: undefined }, place: 'rateLimit' });
  if (rules.length === 0) return undefined;
  const limits = rules.map(({ rule, place }) => new Limit(rule, place, { ...deps, store: scope(rule, place) }));
  return {
    admit(caller, messages, from) {
      const uses: Use[] = [];
      for (const limit of limits) {
        const count = limit.count(messages);
        if (count > limit.burst) throw fail('batch_over_limit', { count, limit: limit.text, most: limit.burst });
        if (count > 0) uses.push({ limit, bucket: limit.bucketOf(caller, from), count });
      }
      return uses.length === 0 ? undefined : admitAll(uses, { caller, from });
    },
  };
}

/** All of them or none: a call that one limit refuses uses nothing up of another. */
function admitAll(uses: readonly Use[], asking: Asking): Promise<void> | undefined {
  let wait: Promise<void> | undefined;
  let longest: { readonly limit: Limit; readonly lackMs: number } | undefined;
  for (const { limit, bucket, count } of uses) {
    const lackMs = limit.findLackMs(bucket, count);
    if (lackMs > (longest?.lackMs ?? 0)) longest = { limit, lackMs };
    wait ??= limit.findWait(bucket, count);
  }
  if (longest !== undefined) throw refusal(longest.limit, longest.lackMs, asking);
  if (wait !== undefined) return wait.then(() => admitAll(uses, asking));
  for (const { limit, bucket, count } of uses) limit.take(bucket, count);
  return undefined;
}

function refusal(limit: Limit, lackMs: number, { caller, from }: Asking): UsherError {
  const details = {
    limit: limit.text,
    seconds: Math.max(1, Math.ceil(lackMs / 1000)),
    setting: limit.place,
    whom: limit.describeWhom(caller, from),
  };
  return fail('rate_limited', details, { retryAfterSeconds: lackMs / 1000 });
}
