import type { AdminAccess, ExpectedSetUp, SetUpInspection } from './set-up-inspection.ts';

/** What of an unsuccessful answer of a token endpoint tells one refusal from another. */
export interface RefusalAnswer {
  readonly status: number;
  /** OAuth `error`, or the provider's own code; empty where there is none. */
  readonly error: string;
  /** The provider's own words; empty where there are none. */
  readonly description: string;
}

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
  /** Whose turn it is, where the code alone says it wrongly: the user's, to sign in again; the provider's administrator's, to
   * allow it; or the operator's, to set it up. A sign-in that does not help is asked for again and again.
   */
  readonly turn?: 'sign-in' | 'allow' | 'set-up';
  /** What is wrong, in one sentence. */
  readonly cause: string;
  /** What to do, in the words of that provider's console, in one or two sentences. */
  readonly fix: string;
  /** Where the provider documents it, or where it was observed. */
  readonly source: string;
}

/** What is known about an answer of the token endpoint at `url`; undefined when nobody has seen one like it. */
export type ExplainRefusal = (answer: RefusalAnswer & { readonly url: string }) => KnownRefusal | undefined;

/** By which `--provider` and `usher idp --flavour` know them. */
export const providerNames = ['okta', 'keycloak', 'entra', 'auth0', 'generic'] as const;

/** Seam: all that is particular to one identity provider. One folder per member under providers/. */
export interface Provider {
  readonly name: (typeof providerNames)[number];
  /** As its makers write it. */
  readonly title: string;
  /** Is this one of its issuers or token endpoints? Only `generic` takes all of them. */
  recognises(url: URL): boolean;
  /** What it wants beside the parameters every provider takes, in an exchange of a token of one of the types of RFC 8693 §3. */
  readonly exchangeParameters: Readonly<Record<string, string>>;
  /** A registration of a client (RFC 7591 §3.1) that it takes under no set-up: by the refusal one sees whether it takes others.
   * Absent where none is known, since asking could leave a client behind.
   */
  readonly unfitRegistration?: Readonly<Record<string, unknown>>;
  /** Whether it shows errors of that client's sign-in on a page of its own instead of bringing them back (RFC 6749 §4.1.2.1 wants
   * it otherwise where the redirect URI is the client's): then nothing can be seen of that URI. Never when absent.
   */
  readonly keepsErrorsOf?: (clientId: string) => boolean;
  /** Most particular first: the first that fits is the one. */
  readonly refusals: readonly KnownRefusal[];
  /** Compares what is set up there with what is expected, by its administration API, where it has one that says so. Only reads.
   * @throws UsherError `setup_refused` or `setup_unavailable`
   */
  inspect?(expected: ExpectedSetUp, access: AdminAccess): Promise<SetUpInspection>;
}
