import { parseObject } from '../lib/parse-object.ts';
import { readClientKeys, type ClientKeys } from './client-keys.ts';
import { findDocumentUrlProblem } from './document-url.ts';
import { DocumentError } from './guarded-fetch.ts';
import { isLoopbackRedirect, findRedirectProblem } from './redirect-uri.ts';
import { readName } from './read-name.ts';

/** What a client says about itself at its URL, as far as it is taken here. */
export interface ClientDocument {
  /** What it says it is called. */
  readonly name: string;
  /** Those of its redirect URIs that it may come back to here. */
  readonly redirectUris: readonly string[];
  /** How it proves who it is; undefined for one that proves nothing but that it asked (PKCE). */
  readonly keys: ClientKeys | undefined;
}

const mostRedirectUris = 50;

/** Reads a client's document (draft-ietf-oauth-client-id-metadata-document-03 §4, MCP 2026-07-28 Client Registration).
 * @param url its URL, which it must say itself, to the letter
 * @param mayLead may a client come back there? What else it names is for other servers, and left out
 * @throws DocumentError
 */
export function readDocument(text: string, url: string, mayLead: (uri: string) => boolean): ClientDocument {
  const document = parseObject(text);
  if (document === undefined) throw new DocumentError('is not a JSON object');
  if (document['client_id'] !== url)
    throw new DocumentError(`has the client_id ${shown(document['client_id'])}, expected its own URL to the letter`);
  for (const field of ['client_secret', 'client_secret_expires_at']) {
    if (Object.hasOwn(document, field)) throw new DocumentError(`has a ${field}, and everybody can read it`);
  }
  // A document that everybody reads holds no secret, and no private key (draft …-03 §4.1).
  const found = readClientKeys(document, { secrets: 'refused', findUriProblem: (uri) => findKeysUriProblem(uri, url) });
  if ('problem' in found) throw new DocumentError(found.problem);
  checkList(document['grant_types'], 'grant_types', 'authorization_code');
  checkList(document['response_types'], 'response_types', 'code');
  const name = readName(document['client_name']);
  if (name === '') throw new DocumentError('has no client_name');
  return { name, redirectUris: readRedirectUris(document['redirect_uris'], mayLead), keys: found.keys };
}

/** Keys are fetched from the site the document is on: a document leads the gateway nowhere else. */
function findKeysUriProblem(uri: string, url: string): string | undefined {
  const problem = findDocumentUrlProblem(uri);
  if (problem !== undefined) return `is no URL that ${problem}`;
  return new URL(uri).origin === new URL(url).origin ? undefined : 'is on another site than the document';
}

function readRedirectUris(value: unknown, mayLead: (uri: string) => boolean): readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > mostRedirectUris)
    throw new DocumentError(`has redirect_uris that are no list of 1 to ${mostRedirectUris}`);
  const texts = value.filter((uri) => typeof uri === 'string');
  if (texts.length < value.length) throw new DocumentError('has redirect_uris with something that is no text');
  const usable = texts.filter(
    (uri) => findRedirectProblem(uri) === undefined && (isLoopbackRedirect(uri) || mayLead(uri)),
  );
  if (usable.length === 0)
    throw new DocumentError(
      'has no redirect URI that is allowed here; whoever runs this gateway can add it (--facade-redirect-uris)',
    );
  return usable;
}

function checkList(value: unknown, field: string, needed: string): void {
  if (value !== undefined && !(Array.isArray(value) && value.includes(needed)))
    throw new DocumentError(`has ${field} without ${needed}`);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 200)) : value === undefined ? 'missing' : 'no text';
}
