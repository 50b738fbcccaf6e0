import { UsherError } from '../model/usher-error.ts';
import type { Facts } from './cause.ts';
import { failed, type Outcome } from './check.ts';
import { diagnoseFacts } from './diagnose-facts.ts';

/** A check that failed as a call would have: cause and fix are those `usher explain` gives.
 * @throws what was thrown, when it is no refusal
 */
export function failBy(error: unknown, more: Partial<Facts> = {}): Outcome {
  if (!(error instanceof UsherError)) throw error;
  const { code, shownDetails: details = {}, message, hint } = error;
  return failByFacts({ code, details, known: error.known?.id, caller: error.claims, ...more }, `${message}. ${hint}`);
}

/** The same from facts that a check put together. */
export function failByFacts(facts: Facts, evidence: string): Outcome {
  const diagnosis = diagnoseFacts(facts);
  return failed(evidence, {
    cause: diagnosis?.id ?? 'unforeseen',
    fix: diagnosis === undefined ? '' : `${diagnosis.cause} ${diagnosis.fix}`,
  });
}
