import type { AuditRecord } from '../model/audit-record.ts';
import type { Call, Message } from '../model/call.ts';
import type { Identity } from '../model/identity.ts';
import type { Inbound } from '../model/inbound.ts';
import type { Caller } from '../model/caller.ts';
import type { Route } from '../model/route.ts';
import type { UpstreamCredential } from '../model/upstream-credential.ts';
import type { UsherError } from '../model/usher-error.ts';
import type { Forwarded } from './forward.ts';

/** How far a call came, and how it ended: all there is to say about it. */
export interface Trail extends Inbound {
  readonly route?: Route;
  readonly identity?: Identity;
  readonly caller?: Caller;
  readonly call?: Call;
  readonly decision?: string;
  readonly credential?: UpstreamCredential;
}

export type Ending =
  | { readonly error: UsherError; readonly forwarded?: never }
  | { readonly error?: never; readonly forwarded: Forwarded };

/** The audit records of one HTTP request: one for each JSON-RPC message it carried, or one for itself. */
export function buildRecords(trail: Trail, ending: Ending): readonly AuditRecord[] {
  const messages = trail.call?.messages ?? [];
  const [only] = messages;
  if (messages.length <= 1) return [buildRecord(trail, ending, only)];
  return messages.map((message) => buildRecord(trail, ending, message));
}

function buildRecord(trail: Trail, ending: Ending, message: Message | undefined): AuditRecord {
  const { id, startedAtMs, request, response, from, route, credential } = trail;
  const { error, forwarded } = ending;
  const caller = trail.caller ?? trail.identity?.caller;
  const shown = caller === undefined ? undefined : describeCaller(caller);
  const firstByte = forwarded?.firstByteMs;
  return {
    v: 1,
    time: isoTime(startedAtMs),
    id,
    trace: findTraceId(request.headers['traceparent']),
    server: route?.name,
    who: shown?.who ?? nobody,
    from,
    what: what(trail, message),
    decision: decide(ending),
    reason: error === undefined ? tellDecision(trail, forwarded) : error.message,
    stage: error?.row.stage,
    hint: error?.hint,
    code: error?.code,
    details: error?.shownDetails,
    cause: error?.known?.id,
    credential: error?.row.stage === 'exchange' && route !== undefined ? strategyOf(route, caller) : undefined,
    caller: shown?.claims ?? (error?.claims === undefined ? undefined : { ...error.claims, unverified: true }),
    exchanged:
      credential === undefined || route === undefined ? undefined : describeCredential(credential, route, caller),
    status: forwarded?.end !== 'cancelled' && response.headersSent ? response.statusCode : 0,
    upstreamStatus: forwarded?.upstreamStatus,
    ms: {
      total: Date.now() - startedAtMs,
      firstByte: firstByte === undefined ? undefined : Math.round(firstByte * 1000) / 1000,
      exchange: credential === undefined || credential.waitedMs === 0 ? undefined : credential.waitedMs,
    },
    bytes: forwarded?.bytes,
  };
}

let lastTime = { ms: 0, text: new Date(0).toISOString() };

/** Many calls begin in the same millisecond. */
function isoTime(ms: number): string {
  if (lastTime.ms !== ms) lastTime = { ms, text: new Date(ms).toISOString() };
  return lastTime.text;
}

function tellDecision({ decision = '' }: Trail, { why }: Forwarded): string {
  return why === undefined ? decision : `${decision}; ${why}`;
}

function decide({ error, forwarded }: Ending): AuditRecord['decision'] {
  if (error !== undefined) return error.row.fault === 'caller' ? 'refused' : 'failed';
  return forwarded.end === 'cancelled' ? 'cancelled' : 'allowed';
}

const nobody: AuditRecord['who'] = Object.freeze({});

interface DescribedCaller {
  readonly who: AuditRecord['who'];
  readonly claims: NonNullable<AuditRecord['caller']>;
}

/** A caller and a kept credential serve many calls: what is said about them is the same object each time, frozen, so that
 * a sink has to write it out only once.
 */
const describedCallers = new WeakMap<Caller, DescribedCaller>();
const describedCredentials = new WeakMap<UpstreamCredential, NonNullable<AuditRecord['exchanged']>>();

function describeCaller(caller: Caller): DescribedCaller {
  const known = describedCallers.get(caller);
  if (known !== undefined) return known;
  const who = Object.freeze({
    ...(caller.issuer === '' ? {} : { iss: caller.issuer }),
    sub: caller.subject,
    ...(caller.clientId === undefined ? {} : { client: caller.clientId }),
    ...(caller.name === undefined ? {} : { name: caller.name }),
  });
  const described = { who, claims: caller.claims };
  describedCallers.set(caller, described);
  return described;
}

function strategyOf({ credential }: Route, caller: Caller | undefined): string {
  return (caller === undefined ? undefined : credential.strategyFor?.(caller)) ?? credential.strategy;
}

function describeCredential(
  credential: UpstreamCredential,
  route: Route,
  caller: Caller | undefined,
): NonNullable<AuditRecord['exchanged']> {
  const known = describedCredentials.get(credential);
  if (known !== undefined) return known;
  const { source, waitedMs, claims, actsAs, operator, steps } = credential;
  const strategy = strategyOf(route, caller);
  const described = Object.freeze({
    strategy,
    source,
    ms: waitedMs,
    ...(actsAs === undefined ? {} : { as: actsAs }),
    ...(operator === undefined ? {} : { operator }),
    ...claims,
    ...(steps === undefined ? {} : { steps }),
  });
  describedCredentials.set(credential, described);
  return described;
}

/** Of what callers choose themselves: a record is a line to read, not a copy of the call. */
const longestText = 200;

function what({ request, path, route }: Trail, message: Message | undefined): AuditRecord['what'] {
  const isToolCall = message?.method === 'tools/call';
  return {
    http: `${request.method ?? '?'} ${shorten(path)}`,
    kind: message?.kind,
    method: shorten(message?.method),
    tool: isToolCall ? shorten(message.target) : undefined,
    target: isToolCall ? undefined : shorten(message?.target),
    rpcId: typeof message?.id === 'string' ? shorten(message.id) : message?.id,
    upstream: route?.upstream.target,
  };
}

function shorten<T extends string | undefined>(text: T): T | string {
  return text !== undefined && text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}

/** W3C Trace Context §3.2. */
function findTraceId(traceparent: string | string[] | undefined): string | undefined {
  if (typeof traceparent !== 'string') return undefined;
  return /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(traceparent)?.[1];
}
