import type { AuditRecord } from '../model/audit-record.ts';
import type { ErrorCode } from '../model/errors.ts';
import { diagnoseFacts, findProviderOf } from './diagnose-facts.ts';
import { diagnoseSignIn } from './diagnose-sign-in.ts';
import type { Comparison, Explanation, ProviderAnswer } from './explanation.ts';
import { listStages } from './list-stages.ts';

/** Explains one decision from its record alone, so that a file from elsewhere will do. */
export function explainRecord(record: AuditRecord): Explanation {
  const { code, details = {}, cause: known, caller, exchanged, upstreamStatus, signIn } = record;
  const credential = record.credential ?? exchanged?.strategy;
  return {
    record,
    // A sign-in goes another way than a call.
    stages: signIn === undefined ? listStages(record) : [],
    compared: compare(record),
    answer: findAnswer(details),
    diagnosis:
      signIn === undefined
        ? diagnoseFacts({ code, details, known, credential, caller, exchanged, upstreamStatus })
        : diagnoseSignIn(signIn, record),
  };
}

/** What the values of a refusal are values of. */
const compared: Partial<Record<ErrorCode, string>> = {
  issuer_mismatch: 'iss',
  audience_mismatch: 'aud',
  token_algorithm_refused: 'alg',
  token_type_refused: 'typ',
  insufficient_scope: 'scp',
  content_type_refused: 'Content-Type',
};

function compare({ code, details = {}, time }: AuditRecord): readonly Comparison[] {
  if (code === undefined) return [];
  const { found, expected } = details;
  const what = compared[code];
  if (what !== undefined && found !== undefined)
    return [{ what, found: String(found), expected: String(expected ?? 'an access token') }];
  const values = others[code]?.(details, time);
  return values === undefined ? [] : [values];
}

type Details = NonNullable<AuditRecord['details']>;

/** Refusals whose values have names of their own. */
const others: Partial<Record<ErrorCode, (details: Details, time: string) => Comparison>> = {
  token_expired: ({ expiredAt }, time) => ({ what: 'exp', found: String(expiredAt), expected: `after ${time}` }),
  token_not_yet_valid: ({ notBefore }, time) => ({
    what: 'nbf, iat',
    found: String(notBefore),
    expected: `before ${time}`,
  }),
  token_key_unknown: ({ kid, issuer }) => ({ what: 'kid', found: String(kid), expected: `a key of ${issuer}` }),
  host_not_allowed: ({ host, allowed }) => ({ what: 'Host', found: String(host), expected: String(allowed) }),
  origin_not_allowed: ({ origin, allowed }) => ({ what: 'Origin', found: String(origin), expected: String(allowed) }),
};

function findAnswer({
  url,
  status,
  error,
  description,
}: NonNullable<AuditRecord['details']>): ProviderAnswer | undefined {
  const provider = findProviderOf(url);
  if (provider === undefined || error === undefined) return undefined;
  return {
    url: String(url),
    provider: provider.title,
    status: String(status),
    error: String(error),
    description: String(description ?? ''),
  };
}
