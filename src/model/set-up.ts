import type { Provider } from './provider.ts';
import type { Secret } from './secret.ts';

/** A request to a provider's administration API. */
export interface AdminRequest {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  /** From the root of that API on, with a slash in front. */
  readonly path: string;
  readonly body?: unknown;
}

/** How to take one step back. It is kept in a file: no secrets, and nothing that reaches beyond what the step did. */
export interface UndoStep {
  /** `Delete the app "Usher gateway" (0oa1…)`: no full stop. */
  readonly sentence: string;
  /** In this order; what is gone already counts as done. */
  readonly requests: readonly AdminRequest[];
}

/** One thing that is to be made or changed at the provider. */
export interface SetUpStep {
  readonly action: 'create' | 'change';
  /** What a person can check in the provider's console: `Create the authorization server "backend" with audience
   * "backend"`. No full stop.
   */
  readonly sentence: string;
  /** Does it, after all steps before it, and says how to take it back.
   * @throws UsherError `setup_refused` or `setup_unavailable`; then it did nothing
   */
  perform(): Promise<UndoStep>;
}

/** What a set-up would do, in the order it has to be done in. Making it changes nothing. */
export interface SetUpPlan {
  /** What is there already and as it should be, a sentence each. */
  readonly found: readonly string[];
  readonly steps: readonly SetUpStep[];
  /** People's client has no secret, or will have none. */
  readonly isPublicClient?: boolean;
}

/** What the gateway and the people's client have to know afterwards. */
export interface SetUpOutcome {
  /** Of the callers' tokens. */
  readonly callers: {
    readonly issuer: string;
    readonly audience: readonly string[];
    /** What every call needs. */
    readonly scopes: readonly string[];
  };
  readonly exchange: {
    /** The token endpoint. */
    readonly url: string;
    readonly clientId: string;
    readonly clientSecret: Secret;
    readonly audience: readonly string[];
    readonly scopes: readonly string[];
    /** More settings of the credential `token-exchange`, as the configuration file has them. */
    readonly more?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  };
  /** What people's MCP client signs in with; without a secret for public clients. */
  readonly client: {
    readonly clientId: string;
    readonly clientSecret: Secret | undefined;
    readonly redirectUris: readonly string[];
  };
}

/** One provider that is being set up through its administration API. */
export interface SetUp {
  readonly provider: Provider['name'];
  /** As its makers write it. */
  readonly title: string;
  /** The org or realm, as a URL: a record of what was done belongs to this one alone. */
  readonly target: string;
  /** Reads what is there and compares.
   * @throws UsherError `setup_conflict` where something is in the way that may be in use otherwise
   */
  plan(): Promise<SetUpPlan>;
  /** Reads it when everything is as planned. */
  readOutcome(): Promise<SetUpOutcome>;
  /** Is it one that a step of this set-up can have said for its undo? The record is a file, which others may have a hand in: what it says
   * must reach nothing that a set-up makes or changes nothing of, such as people and what they may administer.
   */
  mayUndo(request: AdminRequest): boolean;
  /** Sends a request of an {@link UndoStep}.
   * @throws UsherError `setup_refused` or `setup_unavailable`
   */
  undo(request: AdminRequest): Promise<'done' | 'gone'>;
  close(): Promise<void>;
}
