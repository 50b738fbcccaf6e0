import type { Entry } from './server-document.ts';

/** Where servers are looked up. */
export interface Registry {
  /** As people named it: `catalogue`, a file, a URL. */
  readonly label: string;
  /** All versions of a server with exactly this name, or that one version of it.
   * @throws UsherError registry_unusable
   */
  find(name: string, version: string | undefined): Promise<readonly Entry[]>;
  /** Newest versions of servers with this text in their name or title; all when it is empty. Not more than that many.
   * @throws UsherError registry_unusable
   */
  search(text: string, limit: number): Promise<readonly Entry[]>;
}
