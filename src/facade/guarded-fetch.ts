import { LRUCache } from 'lru-cache';
import { buildCheckedLookup, type Resolve } from '../lib/checked-lookup.ts';
import { buildHttpClient } from '../lib/http-client.ts';
import { isLoopbackHost } from '../lib/loopback.ts';
import { isPublicAddress } from '../lib/is-public-address.ts';
import { buildDnsResolve } from '../lib/resolve-by-dns.ts';
import { TokenBucket } from '../lib/token-bucket.ts';
import { freshnessMs } from './freshness.ts';
import { OAuthError } from './oauth-error.ts';

const timeoutMs = 5_000;
/** Fetches under way at once, and for each host a few and then one each second: a stranger starts them, and somebody's web
 * server has to bear them.
 */
const mostFetches = 32;
const perHost = { burst: 20, intervalMs: 1000 };
const mostHosts = 500;

export interface GuardedFetchOptions {
  /** For development: what is on this machine instead of what is public. */
  readonly isLoopback: boolean;
  readonly ca: readonly string[] | undefined;
  readonly now: () => number;
  readonly resolve?: Resolve;
}

/** JSON that somebody else's web server has at a URL a stranger named. */
export interface Fetched {
  readonly text: string;
  /** For how long it may be used again. */
  readonly lifeMs: number;
}

/** Thrown with what is wrong with an answer; reads as the end of `The app's document at … `. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
  /** Its server may answer otherwise in a moment. */
  readonly isPassing: boolean;

  constructor(message: string, { isPassing = false }: { readonly isPassing?: boolean } = {}) {
    super(message);
    this.isPassing = isPassing;
  }
}

/** Fetches from public addresses alone, bounded in size, time and number. Redirects are not followed.
 * @throws DocumentError, HttpClientError; OAuthError temporarily_unavailable when there are too many
 */
export type GuardedFetch = (url: string, mostBytes: number) => Promise<Fetched>;

export function buildGuardedFetch({ isLoopback, ca, now, ...options }: GuardedFetchOptions): GuardedFetch {
  const budgets = new LRUCache<string, TokenBucket>({ max: mostHosts });
  // Names of this machine are not in DNS.
  const resolve = options.resolve ?? (isLoopback ? undefined : buildDnsResolve());
  const mayConnect = isLoopback ? (address: string) => isLoopbackHost(address) : isPublicAddress;
  let underWay = 0;
  const fetch: GuardedFetch = async (url, maxBytes) => {
    // One for each: kept connections of hosts that strangers name would only pile up.
    const http = buildHttpClient({
      ...(ca === undefined ? {} : { ca }),
      maxBytes,
      lookup: buildCheckedLookup(mayConnect, resolve),
    });
    try {
      const answer = await http.send(url, { method: 'GET', headers: { accept: 'application/json' }, timeoutMs });
      const text = await answer.text();
      checkAnswer(answer);
      return { text, lifeMs: freshnessMs(answer.headers, now()) };
    } finally {
      await http.close();
    }
  };
  return async (url, mostBytes) => {
    const { host } = new URL(url);
    const budget = budgets.get(host) ?? new TokenBucket({ ...perHost, nowMs: now() });
    budgets.set(host, budget);
    if (underWay >= mostFetches || !budget.take(now()))
      throw new OAuthError('temporarily_unavailable', 'Too many apps are looked up just now. Try again in a moment.', {
        status: 503,
        retryAfterSeconds: 2,
      });
    underWay += 1;
    try {
      return await fetch(url, mostBytes);
    } finally {
      underWay -= 1;
    }
  };
}

/** Redirects are answers like others, and no document (draft-ietf-oauth-client-id-metadata-document-03 §5). What is no JSON by its type was
 * not made to be one.
 * @throws DocumentError
 */
function checkAnswer({ status, headers }: Response): void {
  const isPassing = status === 429 || status >= 500;
  if (status !== 200)
    throw new DocumentError(`is not there: its server answers with ${status}, expected 200`, { isPassing });
  const type = (headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (!/^application\/(?:json|[\w.-]+\+json)$/.test(type))
    throw new DocumentError(`has the type ${JSON.stringify(type.slice(0, 200))}, expected application/json`);
}
