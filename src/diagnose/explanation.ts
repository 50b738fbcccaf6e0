import type { AuditRecord } from '../model/audit-record.ts';
import type { Stage } from '../model/errors.ts';
import type { Diagnosis } from './cause.ts';

/** How far one stage of the request path went. */
export interface StageOutcome {
  readonly stage: Stage;
  readonly result: 'passed' | 'refused' | 'failed' | 'broken off' | 'not reached';
  /** What happened there, in a few words; empty when there is nothing to say. */
  readonly says: string;
}

/** A value that was not the one that was wanted. */
export interface Comparison {
  /** Claim, header or setting. */
  readonly what: string;
  readonly found: string;
  readonly expected: string;
}

/** What the identity provider answered, in its own words, secrets removed. */
export interface ProviderAnswer {
  readonly url: string;
  /** Its makers' name; `Any provider` where nobody known has such a token endpoint. */
  readonly provider: string;
  readonly status: string;
  readonly error: string;
  readonly description: string;
}

/** One decision, explained. */
export interface Explanation {
  readonly record: AuditRecord;
  readonly stages: readonly StageOutcome[];
  readonly compared: readonly Comparison[];
  readonly answer: ProviderAnswer | undefined;
  /** Undefined where nothing is wrong. */
  readonly diagnosis: Diagnosis | undefined;
}
