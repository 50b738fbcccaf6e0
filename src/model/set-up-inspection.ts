import type { HttpClient } from '../lib/http-client.ts';
import type { Secret } from './secret.ts';

/** What a provider's administration API is asked with. */
export interface AdminAccess {
  /** An API token, or an administrator's password. */
  readonly secret: Secret;
  /** Whose password it is, and in which realm they sign in: where there are passwords. */
  readonly user?: string;
  readonly realm?: string;
  readonly http: HttpClient;
  /** Authorities to trust, PEM; Node's own when absent. */
  readonly ca?: readonly string[];
}

/** What the configuration expects of a provider. */
export interface ExpectedSetUp {
  /** Of the callers' tokens. */
  readonly callers: {
    readonly issuer: string;
    readonly audience: readonly string[];
    readonly scopes: readonly string[];
    /** The client people sign in with, where that is known. */
    readonly clientId?: string | undefined;
    /** Of a verified token of somebody who calls, where there is one. */
    readonly claims?: Readonly<Record<string, unknown>> | undefined;
  };
  readonly exchange: {
    /** The token endpoint. */
    readonly url: string;
    readonly clientId: string;
    readonly audience: readonly string[];
    readonly scopes: readonly string[];
    /** The gateway sends proofs of possession. */
    readonly dpop: boolean;
  };
}

/** One thing that is missing, inactive or wrong at the provider. */
export interface SetUpFault {
  /** A known refusal of the provider where there is one for it, else a name of its own; kebab-case, stable. */
  readonly id: string;
  /** What was seen there, by its name there; no full stop. */
  readonly seen: string;
  /** What to do, in the words of that provider's console. */
  readonly fix: string;
}

/** How a provider is set up, compared with what is expected of it. */
export interface SetUpInspection {
  /** What is as it should be, a sentence each without full stop. */
  readonly good: readonly string[];
  readonly faults: readonly SetUpFault[];
  /** What depends on something that is not known here, and on what. */
  readonly open: readonly string[];
}

/** One of several, in their order. */
export function joinInspections(...parts: readonly Partial<SetUpInspection>[]): SetUpInspection {
  return {
    good: parts.flatMap(({ good = [] }) => good),
    faults: parts.flatMap(({ faults = [] }) => faults),
    open: parts.flatMap(({ open = [] }) => open),
  };
}
