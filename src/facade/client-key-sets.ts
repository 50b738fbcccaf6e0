import { LRUCache } from 'lru-cache';
import { HttpClientError } from '../lib/http-client.ts';
import { parseObject } from '../lib/parse-object.ts';
import { SingleFlight } from '../lib/single-flight.ts';
import type { Log } from '../model/log.ts';
import { keysOf, type ClientKey } from './client-keys.ts';
import { DocumentError, type GuardedFetch } from './guarded-fetch.ts';
import { OAuthError } from './oauth-error.ts';

const mostBytes = 32 * 1024;
const mostKept = 500;
/** A key that was taken out must not be taken for a whole day. */
const mostMs = 3_600_000;
/** A key nobody knows yet is asked for, and not more often: whoever signs with a made-up one asks, too. */
const betweenMs = 30_000;

export interface ClientKeySetsDeps {
  readonly fetch: GuardedFetch;
  readonly now: () => number;
  readonly log: Log;
  /** Of the mounted server, for the log. */
  readonly name: string;
}

/** Keys that clients have at a URL (`jwks_uri`). */
export interface ClientKeySets {
  /** @param wantsNew a signature does not fit those that are known: they may be others since
   * @throws OAuthError temporarily_unavailable, invalid_client
   */
  read(uri: string, options?: { readonly wantsNew: boolean }): Promise<readonly ClientKey[]>;
}

interface Kept {
  readonly keys: readonly ClientKey[];
  readonly fetchedMs: number;
  readonly untilMs: number;
}

export function buildClientKeySets({ fetch, now, log, name }: ClientKeySetsDeps): ClientKeySets {
  const kept = new LRUCache<string, Kept>({ max: mostKept });
  const flights = new SingleFlight<readonly ClientKey[]>();
  const read = async (uri: string) => {
    try {
      const { text, lifeMs } = await fetch(uri, mostBytes);
      const keys = keysOf(parseObject(text));
      if (keys.length === 0) throw new DocumentError('have none that can verify a signature');
      kept.set(uri, { keys, fetchedMs: now(), untilMs: now() + Math.min(lifeMs, mostMs) });
      return keys;
    } catch (thrown) {
      if (!(thrown instanceof DocumentError || thrown instanceof HttpClientError)) throw thrown;
      log.warn("An app's keys cannot be used", { server: name, url: uri, reason: thrown.message });
      if (thrown instanceof DocumentError && !thrown.isPassing)
        throw new OAuthError(
          'invalid_client',
          `the client's keys at its jwks_uri cannot be used: it ${thrown.message}`,
        );
      throw new OAuthError('temporarily_unavailable', "the client's keys at its jwks_uri cannot be fetched just now", {
        status: 503,
        retryAfterSeconds: 5,
      });
    }
  };
  return {
    async read(uri, { wantsNew } = { wantsNew: false }) {
      const known = kept.get(uri);
      const isGood = known !== undefined && (wantsNew ? now() - known.fetchedMs < betweenMs : known.untilMs > now());
      return isGood ? known.keys : await flights.run(uri, () => read(uri));
    },
  };
}
