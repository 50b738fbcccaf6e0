import type { Secret } from './secret.ts';

/** Where secrets are kept over restarts, by name: those people put there, and those Usher gets itself (logins). */
export interface SecretStore {
  /** Its file. */
  readonly path: string;
  /** The secret of this name; undefined when there is none.
   * @throws UsherError `secret_store_unusable`: a store that cannot be read is never taken for an empty one
   */
  find(name: string): Secret | undefined;
  /** All there are, by name. */
  list(): readonly KeptSecret[];
  /** Keeps it; when this resolves it is on the disk. */
  put(name: string, secret: Secret): Promise<void>;
  /** False when there was none. */
  remove(name: string): Promise<boolean>;
}

/** A secret without itself. */
export interface KeptSecret {
  readonly name: string;
  /** RFC 3339, UTC. */
  readonly changedAt: string;
}

/** What a name of people's secrets is made of. Those Usher keeps for itself have a slash in theirs. */
export const secretName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
/** The same, as what is wanted. */
export const secretNameWanted = 'letters, digits, dots, dashes and underscores, 100 at most';

/** What a configuration asks for a secret it names; says why there is none. */
export type FindSecret = (name: string) => { readonly secret: Secret } | { readonly problem: string };
