import type { Roster } from '../lib/roster.ts';
import type { AuditRecord } from '../model/audit-record.ts';
import type { AuditSink } from '../model/audit-sink.ts';
import type { Inbound } from '../model/inbound.ts';
import type { Authorized, Credentialed } from '../model/stages.ts';
import type { Log } from '../model/log.ts';
import type { Route } from '../model/route.ts';
import { fail, UsherError } from '../model/usher-error.ts';
import { authenticate } from './authenticate.ts';
import { authorize } from './authorize.ts';
import { buildRecords, type Ending, type Trail } from './build-records.ts';
import { answerPreflight, isPreflight } from './cors.ts';
import { checkMirroredHeaders } from './check-mirrored-headers.ts';
import { exchange } from './exchange.ts';
import { forward, type Forwarded } from './forward.ts';
import { limitRate } from './limit-rate.ts';
import { readCall } from './read-call.ts';
import { recallOwners } from './recall-owners.ts';
import { refuse } from './refuse.ts';
import { route } from './route.ts';

/** What the request path needs beside the routes' own strategies. */
export interface PipelineDeps {
  /** By path. */
  readonly routes: ReadonlyMap<string, Route>;
  readonly audit: AuditSink;
  readonly log: Log;
  /** Where calls stand for as long as they are under way, for whoever has to wait for them. */
  readonly underWay: Roster<Inbound>;
}

/** The request path, start to end. Whatever happens, the request is answered (or cut off) and its audit record closed
 * exactly once. Never rejects.
 */
export async function handle(inbound: Inbound, deps: PipelineDeps): Promise<void> {
  let trail: Trail = inbound;
  let ending: Ending | undefined;
  const place = deps.underWay.enter(inbound);
  try {
    if (deps.audit.failure !== undefined) throw deps.audit.failure;
    const routed = route(inbound, deps.routes);
    trail = routed;
    if (isPreflight(inbound.request)) return answerPreflight(routed);
    const authenticated = await authenticate(routed);
    trail = authenticated;
    const understood = await readCall(authenticated);
    trail = understood;
    checkMirroredHeaders(understood);
    const recalled = recallOwners(understood);
    if (recalled !== undefined) await recalled;
    const authorized = authorize(understood);
    trail = authorized;
    const counted = limitRate(authorized);
    if (counted !== undefined) await counted;
    let credentialed = await exchange(authorized);
    trail = credentialed;
    if (credentialed.credential.source === 'fresh') checkSubject(credentialed, deps.log);
    let forwarded = await forward(credentialed);
    // Nothing of the call was done: once more, with what the proof has to hold.
    if (forwarded.end === 'refused proof') forwarded = await forward(credentialed);
    if (forwarded.end === 'refused credential' && mayTryAgain(authorized, credentialed)) {
      credentialed = await exchange(authorized);
      trail = credentialed;
      forwarded = await forward(credentialed);
      // A third attempt would be the same; but the credential has to know.
      if (forwarded.end === 'refused credential') mayTryAgain(authorized, credentialed);
    }
    if (forwarded.end === 'refused credential' || forwarded.end === 'refused proof')
      throw fail('upstream_refused_credential', {
        target: routed.route.upstream.target,
        words: forwarded.words ?? 'it does not say why',
      });
    if (forwarded.upstreamStatus !== undefined && forwarded.upstreamStatus >= 500)
      logUpstreamError(forwarded.upstreamStatus, trail, deps.log);
    ending = { forwarded };
  } catch (thrown) {
    ending = conclude(thrown, trail, deps.log);
  } finally {
    deps.underWay.leave(place);
    if (ending !== undefined) close(buildRecords(trail, ending), ending, deps.audit);
  }
}

/** The end of an answer is sent when the last of its records is written. */
function close(records: readonly AuditRecord[], { forwarded }: Ending, audit: AuditSink): void {
  for (const record of records.slice(0, -1)) audit.write(record);
  const last = records.at(-1);
  if (last !== undefined) audit.write(last, forwarded?.release);
}

/** An exchanged token acts for the user it was got for. Some providers name a user differently for each service, so it is
 * not refused; anywhere else a provider mixes up its users, and somebody should know.
 */
function checkSubject({ id, route: { name }, caller, credential }: Credentialed, log: Log): void {
  const { sub: found, oid } = credential.claims ?? {};
  const isOperator = credential.actsAs === 'operator';
  const wanted = isOperator ? credential.operatorSubject : caller.subject;
  if (found === undefined || wanted === undefined || found === wanted || credential.actsAs === 'gateway') return;
  // Entra says by another claim that it is the same user.
  if (!isOperator && oid !== undefined && oid === caller.claims.oid) return;
  log.warn(
    `The exchanged token is for subject ${JSON.stringify(found)}, ${isOperator ? 'who signed in' : 'the caller'} is ${JSON.stringify(wanted)}`,
    {
      id,
      server: name,
      hint: 'Normal only where the provider gives a user another sub for each service (pairwise identifiers).',
    },
  );
}

/** The service behind no longer takes a token that was kept: once, with a new one. */
function mayTryAgain({ route: { credential: strategy }, identity }: Authorized, { credential }: Credentialed): boolean {
  return strategy.evict(identity, credential);
}

/** The one place where the request path ends early. */
function conclude(thrown: unknown, trail: Trail, log: Log): Ending {
  if (trail.response.destroyed && !(thrown instanceof UsherError)) {
    return { forwarded: callerGone };
  }
  const error =
    thrown instanceof UsherError
      ? thrown
      : fail('internal', { reason: thrown instanceof Error ? thrown.message : String(thrown) }, { cause: thrown });
  refuse(error, trail);
  logRefusal(error, trail, log);
  return { error };
}

const callerGone: Forwarded = { end: 'cancelled', upstreamStatus: undefined, firstByteMs: undefined, bytes: 0 };

/** Passed on as it is; but somebody should look at that server. */
function logUpstreamError(status: number, { id, route: served }: Trail, log: Log): void {
  log.warn('The MCP server behind this gateway answered with an error of its own', {
    id,
    server: served?.name,
    status,
    hint: `${served?.upstream.target ?? 'It'} answered ${status}; its own log should say why.`,
  });
}

function logRefusal(error: UsherError, trail: Trail, log: Log): void {
  const { code, row, hint } = error;
  const fields = {
    id: trail.id,
    code,
    stage: row.stage,
    status: row.status,
    server: trail.route?.name,
    sub: trail.identity?.caller.subject ?? trail.caller?.subject,
    claimedSub: error.claims?.sub,
    cause: error.known?.id,
    hint,
    ...(row.fault === 'usher' && error.cause instanceof Error ? { stack: error.cause.stack } : {}),
  };
  if (code === 'token_missing') log.debug(error.message, fields);
  else if (row.fault === 'caller') log.info(error.message, fields);
  else if (row.fault === 'neighbour') log.warn(error.message, fields);
  else log.error(error.message, fields);
}
