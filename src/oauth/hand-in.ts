import type { Identity } from '../model/identity.ts';
import { fail } from '../model/usher-error.ts';
import type { SubjectOf } from './token-request.ts';

/** Whose token a request begins with. */
export interface Subject extends Identity {
  /** In a chain: the tokens before this one, the caller's first. The one at hand was issued a moment ago then, and is
   * nobody's sign-in.
   */
  readonly earlierTokens?: readonly string[];
}

/** The part of a token request that says what is handed in. */
export interface HandedIn {
  readonly callerToken: string;
  readonly otherTokens: readonly string[];
  readonly subjectOf: SubjectOf;
}

/** What is handed in for a subject.
 * @throws UsherError internal for a caller without a token: the configuration rules that out
 */
export function handIn({ callerToken, earlierTokens }: Subject, strategy: string): HandedIn {
  if (callerToken === undefined)
    throw fail('internal', { reason: `${strategy} was asked to act for a caller without a token` });
  return {
    callerToken,
    otherTokens: earlierTokens ?? [],
    subjectOf: earlierTokens === undefined ? 'caller' : 'earlier step',
  };
}
