import type { AuditRecord } from '../model/audit-record.ts';
import type { Call, Identity, Inbound, Message } from '../model/call.ts';
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
  const { id, startedAtMs, request, response, route } = trail;
  const { forwarded } = ending;
  const trace = findTraceId(request.headers['traceparent']);
  const upstreamStatus = forwarded?.upstreamStatus;
  return {
    v: 1,
    time: new Date(startedAtMs).toISOString(),
    id,
    ...(trace === undefined ? {} : { trace }),
    ...(route === undefined ? {} : { server: route.name }),
    who: who(trail),
    what: what(trail, message),
    ...verdict(trail, ending),
    ...tokens(trail, ending),
    status: forwarded?.end === 'cancelled' ? 0 : response.headersSent ? response.statusCode : 0,
    ...(upstreamStatus === undefined ? {} : { upstreamStatus }),
    ms: {
      total: Date.now() - startedAtMs,
      ...(forwarded?.firstByteMs === undefined ? {} : { firstByte: round(forwarded.firstByteMs) }),
      ...(trail.credential === undefined || trail.credential.waitedMs === 0
        ? {}
        : { exchange: trail.credential.waitedMs }),
    },
    ...(forwarded === undefined ? {} : { bytes: forwarded.bytes }),
  };
}

function findCaller(trail: Trail): Caller | undefined {
  return trail.caller ?? trail.identity?.caller;
}

function who(trail: Trail): AuditRecord['who'] {
  const caller = findCaller(trail);
  const address = trail.request.socket.remoteAddress;
  if (caller === undefined) return address === undefined ? {} : { address };
  return {
    ...(caller.issuer === '' ? {} : { iss: caller.issuer }),
    sub: caller.subject,
    ...(caller.clientId === undefined ? {} : { client: caller.clientId }),
    ...(caller.name === undefined ? {} : { name: caller.name }),
    ...(address === undefined ? {} : { address }),
  };
}

function what({ request, path, route }: Trail, message: Message | undefined): AuditRecord['what'] {
  const http = `${request.method ?? '?'} ${path.length > 200 ? `${path.slice(0, 200)}…` : path}`;
  return {
    http,
    ...(message === undefined ? {} : { kind: message.kind }),
    ...(message?.method === undefined ? {} : { method: message.method }),
    ...(message?.target === undefined
      ? {}
      : message.method === 'tools/call'
        ? { tool: message.target }
        : { target: message.target }),
    ...(message?.id === undefined ? {} : { rpcId: message.id }),
    ...(route === undefined ? {} : { upstream: route.upstream.target }),
  };
}

function verdict(
  { decision }: Trail,
  { error, forwarded }: Ending,
): Pick<AuditRecord, 'decision' | 'reason' | 'code' | 'stage' | 'hint'> {
  if (error === undefined)
    return { decision: forwarded.end === 'cancelled' ? 'cancelled' : 'allowed', reason: decision ?? '' };
  const { code, row, hint, message } = error;
  return { decision: row.fault === 'caller' ? 'refused' : 'failed', reason: message, code, stage: row.stage, hint };
}

function tokens(trail: Trail, { error }: Ending): Pick<AuditRecord, 'caller' | 'exchanged'> {
  const caller = findCaller(trail);
  const { credential, route } = trail;
  const shown =
    caller?.claims ?? (error?.claims === undefined ? undefined : { ...error.claims, unverified: true as const });
  return {
    ...(shown === undefined ? {} : { caller: shown }),
    ...(credential === undefined || route === undefined
      ? {}
      : {
          exchanged: {
            strategy: route.credential.strategy,
            source: credential.source,
            ms: credential.waitedMs,
            ...credential.claims,
          },
        }),
  };
}

/** W3C Trace Context §3.2. */
function findTraceId(traceparent: string | string[] | undefined): string | undefined {
  return typeof traceparent === 'string'
    ? /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(traceparent)?.[1]
    : undefined;
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
