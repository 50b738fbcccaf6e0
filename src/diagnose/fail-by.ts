import { UsherError } from '../model/usher-error.ts';
import type { Facts } from './cause.ts';
import { failed, type Outcome } from './check.ts';
import { diagnoseFacts } from './diagnose-facts.ts';

/** A check that failed as a call would have: cause and fix are those `usher explain` gives.
 * @throws what was thrown, when it is no refusal
 */
export function failBy(error: unknown, more: Partial<Facts> = {}): Outcome {
  if (!(error instanceof UsherError)) throw error;
  const { code, shownDetails: details = {} } = error;
  return failByFacts({ code, details, known: error.known?.id, caller: error.claims, ...more }, describeEvidence(error));
}

/** The same from facts that a check put together. */
export function failByFacts(facts: Facts, evidence: string): Outcome {
  const diagnosis = diagnoseFacts(facts);
  return failed(evidence, {
    cause: diagnosis?.id ?? 'unforeseen',
    fix: diagnosis === undefined ? '' : `${diagnosis.cause} ${diagnosis.fix}`,
  });
}

/** The provider's own words where it answered; else what log and audit trail would have. */
function describeEvidence({ message, hint, known, details: { url, status, error, description } }: UsherError): string {
  if (status !== undefined && error !== undefined)
    return `${url === undefined ? 'The provider' : url} answered ${status} ${error}: ${description}`;
  return known === undefined ? `${message}. ${hint}` : message;
}
