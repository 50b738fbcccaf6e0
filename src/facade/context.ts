import type { Log } from '../model/log.ts';
import type { ClientKeySets } from './client-key-sets.ts';
import type { Clients } from './clients.ts';
import type { Cookies } from './cookies.ts';
import type { FacadeUrls } from './metadata.ts';
import type { Provider } from './provider.ts';
import type { Seals } from './sealed.ts';
import type { FacadeSettings } from './schema.ts';
import type { Spent } from './spent.ts';

/** What the pages of a façade work with. */
export interface FacadeContext {
  readonly settings: FacadeSettings;
  readonly urls: FacadeUrls;
  /** The server it is for, by the URL and the name that people know. */
  readonly resourceUrl: string;
  readonly name: string;
  /** What a client gets that asks for no scopes, and all that it may ask for. */
  readonly usualScopes: readonly string[];
  readonly scopes: ReadonlySet<string>;
  readonly clients: Clients;
  readonly keySets: ClientKeySets;
  readonly provider: Provider;
  readonly seals: Seals;
  readonly spent: Spent;
  readonly cookies: Cookies;
  readonly log: Log;
  readonly now: () => number;
}
