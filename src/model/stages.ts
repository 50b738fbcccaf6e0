import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Call } from './call.ts';
import type { Caller } from './caller.ts';
import type { Connection } from './connection.ts';
import type { Identity } from './identity.ts';
import type { Route } from './route.ts';
import type { UpstreamCredential } from './upstream-credential.ts';

/** The types of the request path. Each contains the one before it plus one readonly field, so that a stage cannot be
 * left out or called out of order: the compiler refuses (docs/explain/architecture.md).
 */
export interface Inbound {
  /** Given to the caller with a refusal, and written to log and audit trail: joins the three. */
  readonly id: string;
  readonly startedAtMs: number;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Path without query, as it came, undecoded. */
  readonly path: string;
  /** Query with its question mark, or empty. */
  readonly query: string;
  readonly connection: Connection;
  /** Address of the peer. Kept from the start: a closed connection does not know it any more. */
  readonly from: string | undefined;
}

export interface Routed extends Inbound {
  readonly route: Route;
}

export interface Authenticated extends Routed {
  readonly identity: Identity;
}

export interface Understood extends Authenticated {
  readonly call: Call;
}

export interface Authorized extends Understood {
  /** What allowed it, for the audit trail. */
  readonly decision: string;
}

/** The caller's token is gone from here on: what is forwarded cannot carry it. */
export interface Credentialed extends Omit<Authorized, 'identity'> {
  readonly caller: Caller;
  readonly credential: UpstreamCredential;
}
