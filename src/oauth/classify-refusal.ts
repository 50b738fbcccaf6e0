import type { KnownRefusal } from '../model/provider.ts';
import { fail } from '../model/usher-error.ts';
import type { SubjectOf } from './token-request.ts';

/** An unsuccessful answer of the token endpoint. */
export interface Refusal {
  readonly url: string;
  readonly status: number;
  /** OAuth `error`, or the provider's own error code; empty when the body is no JSON. */
  readonly error: string;
  /** The provider's own words, secrets already removed; for the operator only. */
  readonly description: string;
  readonly retryAfterSeconds: number | undefined;
  /** Was there a proof of possession (DPoP) in the request? */
  readonly isProven?: boolean;
  /** What a challenge can say of the sign-in the provider wants; undefined when it named nothing. */
  readonly stepUp: Readonly<Record<string, string>> | undefined;
  /** Which refusal of this provider it is, for the operator. */
  readonly known?: KnownRefusal | undefined;
}

/** Why the provider counts as unavailable although it answered: the cause of that refusal. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;

  constructor({ status, retryAfterSeconds }: Pick<Refusal, 'status' | 'retryAfterSeconds'>) {
    super(`status ${status}`);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The caller's own token is what the provider objects to: a new sign-in can mend it. */
const subjectErrors = new Set(['invalid_grant', 'invalid_token', 'login_required', 'interaction_required']);
/** RFC 9470 §3. Others say one of the above and add what they want. */
const stepUpError = 'insufficient_user_authentication';
/** The provider knows everybody and says no. */
const denials = new Set(['access_denied', 'not_allowed', 'consent_required']);

/** RFC 9449 §5 and §8: it wants the client to prove a key. */
const dpopErrors = new Set(['invalid_dpop_proof', 'use_dpop_nonce']);
const dpopAdvice =
  '(the provider wants proof of possession: set dpop: true for this credential (--token-exchange-dpop), or take the demand off the gateway there)';

const codeByTurn = {
  'sign-in': 'exchange_subject_refused',
  allow: 'exchange_denied',
  'set-up': 'exchange_misconfigured',
} as const satisfies Record<NonNullable<KnownRefusal['turn']>, string>;

/** Says whose fault a refused exchange is; `subjectOf` says whose token was handed in. A 401 makes every client throw away
 * its token and sign in again, so it is sent only where that helps. RFC 8693 §2.2.2 wants `invalid_request` for an unusable
 * subject token, which most providers also use for their own set-up errors: the words decide, first of all where the
 * provider's are known.
 */
export function classifyRefusal(refusal: Refusal, subjectOf: SubjectOf = 'caller'): Error {
  const { url, status, error, description, retryAfterSeconds, stepUp, known } = refusal;
  const details = {
    url,
    status,
    error: error === '' ? '(no error code)' : error,
    description: `${description === '' ? '(no description)' : description}${dpopErrors.has(error) && refusal.isProven !== true ? ` ${dpopAdvice}` : ''}`,
  };
  if (status < 400) {
    const reason = status >= 300 ? `status ${status}: a redirect, which is never followed` : `status ${status}`;
    return fail('exchange_answer_invalid', { url, reason });
  }
  if (status === 408 || status === 429 || status >= 500) {
    const reason = `status ${status}${error === '' ? '' : ` ${error}`}`;
    const cause = new StatusError(refusal);
    return fail(
      'exchange_unavailable',
      { url, reason },
      retryAfterSeconds === undefined ? { cause, known } : { cause, known, retryAfterSeconds },
    );
  }
  const isAboutSubject =
    subjectErrors.has(error) ||
    (error === 'invalid_request' && /subject[_ ]token/i.test(description) && !/subject_token_type/i.test(description));
  // The gateway asked for itself: nothing the caller does can mend it.
  if (subjectOf === 'gateway') return fail('exchange_misconfigured', details, { known });
  // Where an administrator has to allow it first, signing in again and again ends at the same place, whatever is asked for.
  const canSignIn = subjectErrors.has(error) && stepUp !== undefined && known?.turn !== 'allow';
  if (error === stepUpError || canSignIn)
    return fail('exchange_step_up', details, { challengeParameters: stepUp ?? {}, known });
  const turn = known?.turn ?? (isAboutSubject ? 'sign-in' : denials.has(error) ? 'allow' : 'set-up');
  // What another provider issued a moment ago is refused here: signing in there again would end at the same place.
  if (subjectOf === 'earlier step' && turn === 'sign-in') return fail('exchange_denied', details, { known });
  return fail(codeByTurn[turn], details, { known });
}
