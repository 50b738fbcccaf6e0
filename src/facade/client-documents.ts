import { LRUCache } from 'lru-cache';
import { buildHttpClient, HttpClientError } from '../lib/http-client.ts';
import { isPublicAddress } from '../lib/is-public-address.ts';
import { buildDnsResolve } from '../lib/resolve-by-dns.ts';
import { isLoopbackHost } from '../lib/loopback.ts';
import { SingleFlight } from '../lib/single-flight.ts';
import { TokenBucket } from '../lib/token-bucket.ts';
import type { Log } from '../model/log.ts';
import { findDocumentUrlProblem, findTrust } from './document-url.ts';
import { freshnessMs } from './freshness.ts';
import { OAuthError } from './oauth-error.ts';
import { buildCheckedLookup, type Resolve } from '../lib/checked-lookup.ts';
import { DocumentError, readDocument, type ClientDocument } from './read-document.ts';

/** What the draft recommends at most (…-03 §8.7). */
const mostBytes = 5 * 1024;
const timeoutMs = 5_000;
const mostKept = 500;
/** Fetches under way at once, and for each host a few and then one each second: a stranger starts them, and somebody's web
 * server has to bear them.
 */
const mostFetches = 32;
const perHost = { burst: 20, intervalMs: 1000 };

export interface ClientDocumentsDeps {
  /** Whose documents are taken: URLs, hosts, `*`. */
  readonly rules: readonly string[];
  /** Where clients may come back to beside the user's machine, to the letter. */
  readonly redirectUris: readonly string[];
  /** For development: documents of this machine instead of public ones. */
  readonly isLoopback: boolean;
  readonly ca: readonly string[] | undefined;
  readonly now: () => number;
  readonly log: Log;
  /** Of the mounted server, for the log. */
  readonly name: string;
  readonly resolve?: Resolve;
}

/** Documents by which clients say who they are (draft-ietf-oauth-client-id-metadata-document-03). */
export interface ClientDocuments {
  /** @throws OAuthError invalid_client when this is no URL of a document that is taken here */
  check(url: string): void;
  /** @throws OAuthError invalid_client, temporarily_unavailable */
  read(url: string): Promise<ClientDocument>;
}

interface Kept {
  readonly document: ClientDocument;
  readonly untilMs: number;
}

export function buildClientDocuments(deps: ClientDocumentsDeps): ClientDocuments {
  const { rules, now } = deps;
  const kept = new LRUCache<string, Kept>({ max: mostKept });
  const budgets = new LRUCache<string, TokenBucket>({ max: mostKept });
  const flights = new SingleFlight<ClientDocument>();
  let underWay = 0;
  const check = (url: string) => {
    const problem = findDocumentUrlProblem(url);
    if (problem !== undefined) throw refusal(`The app's id is ${quote(url)}, expected a URL that ${problem}.`);
    if (findTrust(url, rules) === undefined)
      throw refusal(
        `The app's document is at ${quote(url)}, and none is taken from there. Whoever runs this gateway can allow it (--facade-client-documents).`,
      );
  };
  const fetch = async (url: string) => {
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
      const { document, lifeMs } = await fetchDocument(url, deps);
      if (lifeMs > 0) kept.set(url, { document, untilMs: now() + lifeMs });
      return document;
    } finally {
      underWay -= 1;
    }
  };
  return {
    check,
    async read(url) {
      check(url);
      const known = kept.get(url);
      if (known !== undefined && known.untilMs > now()) return known.document;
      return await flights.run(url, () => fetch(url));
    },
  };
}

/** Nothing that fails is kept (…-03 §5.2).
 * @throws OAuthError invalid_client. What the network said is in the log alone: whoever sends people here need not learn by it
 * what there is behind the gateway
 */
async function fetchDocument(url: string, deps: ClientDocumentsDeps) {
  const { ca, isLoopback, rules, redirectUris, log, name, now } = deps;
  // Names of this machine are not in DNS.
  const resolve = deps.resolve ?? (isLoopback ? undefined : buildDnsResolve());
  const mayConnect = isLoopback ? (address: string) => isLoopbackHost(address) : isPublicAddress;
  // One for each: kept connections of hosts that strangers name would only pile up.
  const http = buildHttpClient({
    ...(ca === undefined ? {} : { ca }),
    maxBytes: mostBytes,
    lookup: buildCheckedLookup(mayConnect, resolve),
  });
  try {
    const answer = await http.send(url, { method: 'GET', headers: { accept: 'application/json' }, timeoutMs });
    const text = await answer.text();
    checkAnswer(answer);
    const origin = findTrust(url, rules) === 'named' ? new URL(url).origin : undefined;
    const mayLead = (uri: string) => redirectUris.includes(uri) || (origin !== undefined && originOf(uri) === origin);
    return { document: readDocument(text, url, mayLead), lifeMs: freshnessMs(answer.headers, now()) };
  } catch (thrown) {
    if (!(thrown instanceof DocumentError || thrown instanceof HttpClientError)) throw thrown;
    log.warn("An app's document cannot be used", { server: name, url, reason: thrown.message });
    const reason = thrown instanceof DocumentError ? thrown.message : 'cannot be fetched';
    throw refusal(`The app's document at ${url} ${reason}.`);
  } finally {
    await http.close();
  }
}

/** Redirects are answers like others, and no document (…-03 §5). What is no JSON by its type was not made to be one.
 * @throws DocumentError
 */
function checkAnswer({ status, headers }: Response): void {
  if (status !== 200) throw new DocumentError(`is not there: its server answers with ${status}, expected 200`);
  const type = (headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (!/^application\/(?:json|[\w.-]+\+json)$/.test(type))
    throw new DocumentError(`has the type ${quote(type)}, expected application/json`);
}

function originOf(uri: string): string | undefined {
  const { protocol, origin } = new URL(uri);
  return protocol === 'https:' ? origin : undefined;
}

function refusal(description: string): OAuthError {
  return new OAuthError('invalid_client', description, { status: 400 });
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
