import { hash } from 'node:crypto';
import type { ClientKeys } from './client-keys.ts';
import type { ClientDocuments } from './client-documents.ts';
import { isDocumentUrl } from './document-url.ts';
import { isLoopbackRedirect } from './redirect-uri.ts';
import type { Seals } from './sealed.ts';

/** A client, by its id: that it redeems and refreshes for nobody else. */
export interface KnownClient {
  readonly id: string;
  /** Stands for it in what is sealed later. */
  readonly digest: string;
  /** What it says it is called, where its id tells: nobody checked. */
  readonly name: string | undefined;
  /** How it proves who it is, where its id tells; one with a document has that there. */
  readonly keys: ClientKeys | undefined;
  /** Where it may come back to now; undefined where that is for its document to say. */
  readonly redirectUris: readonly string[] | undefined;
}

/** A client that people may be asked about. */
export interface Client extends KnownClient {
  readonly name: string;
  readonly redirectUris: readonly string[];
  /** Where its document is, if it brought one: its id. */
  readonly documentUrl: string | undefined;
}

/** Clients that registered themselves, and clients that bring a document about themselves. */
export interface Clients {
  /** With all that it may do; undefined when it never registered here, or too long ago.
   * @throws OAuthError where it brings a document that cannot be used
   */
  find(id: string): Promise<Client | undefined>;
  /** Who it is and no more. Of a document only the URL is looked at: without a key it proves nothing that the code's own proof (RFC
   * 7636) and the seal of a refresh token do not, and a web server that is down must not end everybody's sign-ins.
   * @throws OAuthError where it brings a document that is not taken, or not any more
   */
  recognize(id: string): KnownClient | undefined;
}

/** @param allowed where clients may come back to beside this machine, now: what the operator took away, an earlier registration does
 * not bring back
 */
export function buildClients(seals: Seals, documents: ClientDocuments, allowed: readonly string[]): Clients {
  const isAllowed = (uri: string) => isLoopbackRedirect(uri) || allowed.includes(uri);
  const registered = (id: string): Client | undefined => {
    const opened = seals.client.open(id);
    if (opened === undefined) return undefined;
    const redirectUris = opened.redirectUris.filter(isAllowed);
    // What it got before is of no use to it either: who took away its places means it.
    if (redirectUris.length === 0) return undefined;
    if (opened.keys?.uri !== undefined && !documents.mayFetch(opened.keys.uri)) return undefined;
    return { keys: undefined, ...opened, redirectUris, id, digest: digestOf(id), documentUrl: undefined };
  };
  return {
    async find(id) {
      if (!isDocumentUrl(id)) return registered(id);
      return { ...(await documents.read(id)), id, digest: digestOf(id), documentUrl: id };
    },
    recognize(id) {
      if (!isDocumentUrl(id)) return registered(id);
      documents.check(id);
      return { id, digest: digestOf(id), name: undefined, keys: undefined, redirectUris: undefined };
    },
  };
}

/** How a client is called where its id would be too long to read: the URL of its document, or a digest. */
export function nameOf({ id, digest }: KnownClient): string {
  return isDocumentUrl(id) ? id : `sha256:${digest}`;
}

/** Stands for an id in what is sealed: as long for each. */
export function digestOf(id: string): string {
  return hash('sha256', id, 'base64url');
}
