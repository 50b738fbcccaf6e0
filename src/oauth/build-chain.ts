import { LRUCache } from 'lru-cache';
import type { Clock } from '../lib/clock.ts';
import { dropEnded } from '../lib/drop-ended.ts';
import type { Flight } from '../lib/single-flight.ts';
import type { CredentialStep } from '../model/upstream-credential.ts';
import { atPlace, UsherError } from '../model/usher-error.ts';
import type { TokenSource } from './build-cached-credential.ts';
import type { Subject } from './hand-in.ts';
import type { IssuedToken } from './parse-answer.ts';
import { findFreshUntil, isFresh, type TokenLife } from './token-life.ts';

interface KeptStep extends TokenLife {
  readonly token: IssuedToken;
}

/** One step, and the tokens it got: a later step that is asked anew begins with the one at hand. */
interface Step {
  readonly source: TokenSource;
  /** `Step 1 of 2, token-exchange`. */
  readonly place: string;
  readonly kept: LRUCache<string, KeptStep>;
}

interface Walk {
  readonly flight: Flight;
  /** Set when a token was not asked for, but at hand. */
  usedKept: boolean;
}

/** Sources in a row: each begins with the token the one before it got, the first with the caller's. Whoever uses this
 * keeps the last token; those between are kept here, under the digest of the caller's.
 */
export function buildChain(sources: readonly TokenSource[], { now }: { readonly now: Clock }): TokenSource {
  const steps: readonly Step[] = sources.map((source, index) => ({
    source,
    place: `Step ${index + 1} of ${sources.length}, ${source.strategy}`,
    kept: new LRUCache<string, KeptStep>({
      maxSize: 32 * 1024 * 1024,
      sizeCalculation: ({ token }) => token.upstreamToken.length + 512,
    }),
  }));

  async function ask({ source, place, kept }: Step, subject: Subject, walk: Walk): Promise<IssuedToken> {
    const { tokenDigest, expiresAtMs: callerEndsAtMs } = subject.caller;
    const known = kept.get(tokenDigest);
    if (known !== undefined && isFresh(known, now())) {
      walk.usedKept = true;
      return known.token;
    }
    const token = await source.request(subject, walk.flight).catch((error: unknown) => {
      throw atPlace(error, place);
    });
    const fromMs = now();
    const freshUntilMs = findFreshUntil(Math.min(token.expiresAtMs ?? fromMs, callerEndsAtMs), fromMs);
    dropEnded(kept, (one) => !isFresh(one, fromMs));
    if (freshUntilMs > fromMs) kept.set(tokenDigest, { token, fromMs, freshUntilMs });
    return token;
  }

  async function goThrough(identity: Subject, walk: Walk): Promise<IssuedToken> {
    const earlierTokens: string[] = [];
    const trail: CredentialStep[] = [];
    let subject: Subject = identity;
    for (const step of steps.slice(0, -1)) {
      const token = await ask(step, subject, walk);
      trail.push(...(token.steps ?? []), { strategy: step.source.strategy, ...token.claims });
      earlierTokens.push(subject.callerToken ?? '');
      subject = { caller: identity.caller, callerToken: token.upstreamToken, earlierTokens: [...earlierTokens] };
    }
    const last = steps.at(-1);
    if (last === undefined) throw new TypeError('A chain has steps');
    const token = await last.source.request(subject, walk.flight).catch((error: unknown) => {
      throw atPlace(error, last.place);
    });
    return { ...token, steps: [...trail, ...(token.steps ?? [])] };
  }

  return {
    strategy: 'chain',
    binding: sources.at(-1)?.binding,
    // The others are asked only when their tokens are over; they say so themselves then.
    checkAvailable: () => steps.at(-1)?.source.checkAvailable(),
    async request(identity, flight) {
      const walk: Walk = { flight, usedKept: false };
      try {
        return await goThrough(identity, walk);
      } catch (error) {
        // A token at hand may have been withdrawn meanwhile: once more, with new ones.
        if (!walk.usedKept || !(error instanceof UsherError) || error.code !== 'exchange_denied') throw error;
        for (const { kept } of steps) kept.delete(identity.caller.tokenDigest);
        return goThrough(identity, walk);
      }
    },
  };
}
