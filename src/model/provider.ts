/** A refusal of a provider that people run into, with what is behind it. */
export interface KnownRefusal {
  /** Kebab-case, stable: documentation links to it. */
  readonly id: string;
  /** What its answer looks like; of what is left out, anything. */
  readonly answer: {
    readonly statuses?: readonly number[];
    /** OAuth `error`, or the provider's own code. */
    readonly errors?: readonly string[];
    /** In the provider's own words. */
    readonly description?: RegExp;
  };
  /** What is wrong, in one sentence. */
  readonly cause: string;
  /** What to do, in the words of that provider's console, in one or two sentences. */
  readonly fix: string;
  /** Where the provider documents it, or where it was observed. */
  readonly source: string;
}

/** Seam: all that is particular to one identity provider. One folder per member under providers/. */
export interface Provider {
  /** As `--provider` and `usher idp --flavour` have it. */
  readonly name: 'okta' | 'keycloak' | 'entra' | 'auth0' | 'generic';
  /** As its makers write it. */
  readonly title: string;
  /** Is this one of its issuers or token endpoints? Only `generic` takes all of them. */
  recognises(url: URL): boolean;
  /** Most particular first: the first that fits is the one. */
  readonly refusals: readonly KnownRefusal[];
}
