import type { AuditRecord } from '../model/audit-record.ts';
import type { ErrorCode } from '../model/errors.ts';
import { diagnoseFacts, findProviderOf } from './diagnose-facts.ts';
import type { Comparison, Explanation, ProviderAnswer } from './explanation.ts';
import { listStages } from './list-stages.ts';

/** Explains one decision from its record alone, so that a file from elsewhere will do. */
export function explainRecord(record: AuditRecord): Explanation {
  const { code, details = {}, cause: known, caller, exchanged, upstreamStatus } = record;
  return {
    record,
    stages: listStages(record),
    compared: compare(record),
    answer: findAnswer(details),
    diagnosis: diagnoseFacts({ code, details, known, caller, exchanged, upstreamStatus }),
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
  const { found, expected } = details;
  const what = code === undefined ? undefined : compared[code];
  if (what !== undefined && found !== undefined)
    return [{ what, found: String(found), expected: String(expected ?? 'an access token') }];
  switch (code) {
    case 'token_expired':
      return [{ what: 'exp', found: String(details['expiredAt']), expected: `after ${time}` }];
    case 'token_not_yet_valid':
      return [{ what: 'nbf, iat', found: String(details['notBefore']), expected: `before ${time}` }];
    case 'token_key_unknown':
      return [{ what: 'kid', found: String(details['kid']), expected: `a key of ${details['issuer']}` }];
    case 'host_not_allowed':
      return [{ what: 'Host', found: String(details['host']), expected: String(details['allowed']) }];
    case 'origin_not_allowed':
      return [{ what: 'Origin', found: String(details['origin']), expected: String(details['allowed']) }];
    default:
      return [];
  }
}

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
