import type { AuditRecord } from '../model/audit-record.ts';
import type { TokenClaims } from '../model/caller.ts';
import type { Stage } from '../model/errors.ts';
import type { StageOutcome } from './explanation.ts';

/** In the order a request takes. */
const requestPath = [
  'listen',
  'route',
  'authenticate',
  'readCall',
  'authorize',
  'exchange',
  'forward',
] as const satisfies readonly Stage[];

/** How far a call came: what each stage it passed found, where it ended, and what was never reached. */
export function listStages(record: AuditRecord): readonly StageOutcome[] {
  const end = findEnd(record);
  return requestPath.map((stage, index): StageOutcome => {
    if (end === undefined || index < end.index) return { stage, result: 'passed', says: describePassed(stage, record) };
    if (index > end.index) return { stage, result: 'not reached', says: '' };
    return {
      stage,
      result: end.result,
      says: record.decision === 'cancelled' ? 'the caller went away' : record.reason,
    };
  });
}

interface End {
  readonly index: number;
  readonly result: 'refused' | 'failed' | 'broken off';
}

function findEnd({ decision, stage, exchanged, code }: AuditRecord): End | undefined {
  if (decision === 'allowed') return undefined;
  if (decision === 'cancelled')
    return { index: requestPath.indexOf(exchanged === undefined ? 'exchange' : 'forward'), result: 'broken off' };
  // A trail that cannot be written refuses before anything is looked at.
  const at = requestPath.findIndex((one) => one === (code === 'audit_unavailable' ? 'listen' : stage));
  return { index: Math.max(0, at), result: decision };
}

function describePassed(stage: (typeof requestPath)[number], record: AuditRecord): string {
  const { what, caller, exchanged, server } = record;
  switch (stage) {
    case 'listen':
      return record.from === undefined ? '' : `from ${record.from}`;
    case 'route':
      return `${what.http}${server === undefined ? '' : `, server ${server}`}`;
    case 'authenticate':
      return caller?.iss === undefined ? 'nobody is asked for a token' : describeToken(caller);
    case 'readCall':
      return describeCall(what);
    case 'authorize':
      return record.decision === 'allowed' ? record.reason : '';
    case 'exchange':
      return exchanged === undefined ? '' : describeExchange(exchanged);
    case 'forward':
      return `${what.upstream ?? 'the server behind'} answered ${record.upstreamStatus ?? '?'}`;
  }
}

function describeToken({ iss, aud, clientId }: TokenClaims): string {
  const audience = [aud ?? []].flat().join(', ');
  return `token of ${iss ?? '?'} for ${audience || '?'}${clientId === undefined ? '' : `, client ${clientId}`}`;
}

function describeExchange(exchanged: NonNullable<AuditRecord['exchanged']>): string {
  const { strategy, source, ms, as, steps = [] } = exchanged;
  if (source === 'none') return 'no token is sent on';
  if (source === 'static') return `${strategy}: the same for every call`;
  const how = source === 'fresh' ? `fresh from the provider in ${ms} ms` : 'kept from an earlier call';
  const what =
    exchanged.iss === undefined && exchanged.aud === undefined ? 'an opaque token' : describeToken(exchanged);
  const by = steps.map((step) => `, by way of a ${describeToken(step)}`).join('');
  return `${strategy}: ${what}${as === undefined ? '' : ', as the gateway itself'}${by}, ${how}`;
}

/** What was asked, in a few words. */
export function describeCall({ http, method, tool, target, kind }: AuditRecord['what']): string {
  if (method === undefined) return kind === undefined ? http : `a JSON-RPC ${kind}`;
  return [method, tool ?? target ?? ''].join(' ').trim();
}
