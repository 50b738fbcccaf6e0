import type { TokenClaims } from '../model/caller.ts';
import type { ErrorCode } from '../model/errors.ts';

/** What is known of a decision, from the audit trail or from a check that was just made. */
export interface Facts {
  /** Undefined for a call that was not refused. */
  readonly code: ErrorCode | undefined;
  /** By the names the error table has. */
  readonly details: Readonly<Record<string, string | number>>;
  /** Which known refusal of the provider it was, by id, where that was told already. */
  readonly known?: string | undefined;
  /** Strategy of the credential it is about; token exchange when absent. */
  readonly credential?: string | undefined;
  /** Of the caller's token; not to be believed where it was refused before its signature was checked. */
  readonly caller?: TokenClaims | undefined;
  /** Of the token that was got for it. */
  readonly exchanged?: TokenClaims | undefined;
  /** Status of the MCP server behind. */
  readonly upstreamStatus?: number | undefined;
}

/** Who has to do something. */
export type Who = 'client' | 'operator' | 'provider' | 'server' | 'usher' | 'nobody';

/** One thing that can be wrong, as a row of a table: the first row that fits is the one. */
export interface CauseRow {
  /** Kebab-case, stable: documentation links to it. */
  readonly id: string;
  readonly code: ErrorCode | 'none';
  /** Beside the code; anything when absent. */
  readonly fits?: (facts: Facts) => boolean;
  readonly who: Who;
  /** What is wrong, in one sentence; `{name}` is filled from the details. */
  readonly cause: string;
  /** What to do next, in one or two sentences. */
  readonly fix: string;
}

/** Why something was refused, and what to do about it. */
export interface Diagnosis {
  readonly id: string;
  readonly who: Who;
  readonly cause: string;
  readonly fix: string;
  /** The identity provider in whose catalogue it stands. */
  readonly provider?: string;
  /** Where the provider documents it, or where it was observed. */
  readonly source?: string;
}
