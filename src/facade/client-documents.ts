import { LRUCache } from 'lru-cache';
import { HttpClientError } from '../lib/http-client.ts';
import { SingleFlight } from '../lib/single-flight.ts';
import type { Log } from '../model/log.ts';
import { findDocumentUrlProblem, findTrust } from './document-url.ts';
import { DocumentError, type GuardedFetch } from './guarded-fetch.ts';
import { OAuthError } from './oauth-error.ts';
import { readDocument, type ClientDocument } from './read-document.ts';

/** What the draft recommends at most (…-03 §8.7). */
const mostBytes = 5 * 1024;
const mostKept = 500;

export interface ClientDocumentsDeps {
  /** Whose documents are taken: URLs, hosts, `*`. */
  readonly rules: readonly string[];
  /** Where clients may come back to beside the user's machine, to the letter. */
  readonly redirectUris: readonly string[];
  readonly fetch: GuardedFetch;
  readonly now: () => number;
  readonly log: Log;
  /** Of the mounted server, for the log. */
  readonly name: string;
}

/** Documents by which clients say who they are (draft-ietf-oauth-client-id-metadata-document-03). */
export interface ClientDocuments {
  /** @throws OAuthError invalid_client when this is no URL of a document that is taken here */
  check(url: string): void;
  /** Is anything fetched from there now: a document, or keys? */
  mayFetch(url: string): boolean;
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
  const flights = new SingleFlight<ClientDocument>();
  const check = (url: string) => {
    const problem = findDocumentUrlProblem(url);
    if (problem !== undefined) throw refusal(`The app's id is ${quote(url)}, expected a URL that ${problem}.`);
    if (findTrust(url, rules) === undefined)
      throw refusal(
        `The app's document is at ${quote(url)}, and none is taken from there. Whoever runs this gateway can allow it (--facade-client-documents).`,
      );
  };
  const fetch = async (url: string) => {
    const { document, lifeMs } = await fetchDocument(url, deps);
    if (lifeMs > 0) kept.set(url, { document, untilMs: now() + lifeMs });
    return document;
  };
  return {
    check,
    mayFetch: (url) => findDocumentUrlProblem(url) === undefined && findTrust(url, rules) !== undefined,
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
async function fetchDocument(url: string, { fetch, rules, redirectUris, log, name }: ClientDocumentsDeps) {
  try {
    const { text, lifeMs } = await fetch(url, mostBytes);
    const origin = findTrust(url, rules) === 'named' ? new URL(url).origin : undefined;
    const mayLead = (uri: string) => redirectUris.includes(uri) || (origin !== undefined && originOf(uri) === origin);
    return { document: readDocument(text, url, mayLead), lifeMs };
  } catch (thrown) {
    if (!(thrown instanceof DocumentError || thrown instanceof HttpClientError)) throw thrown;
    log.warn("An app's document cannot be used", { server: name, url, reason: thrown.message });
    const reason = thrown instanceof DocumentError ? thrown.message : 'cannot be fetched';
    const isPassing = thrown instanceof HttpClientError || thrown.isPassing;
    throw refusal(`The app's document at ${url} ${reason}.`, isPassing);
  }
}

function originOf(uri: string): string | undefined {
  const { protocol, origin } = new URL(uri);
  return protocol === 'https:' ? origin : undefined;
}

function refusal(description: string, isPassing = false): OAuthError {
  return new OAuthError('invalid_client', description, { status: 400, isPassing });
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
