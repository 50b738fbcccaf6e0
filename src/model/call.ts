import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from './caller.ts';
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
}

/** The caller's connection. */
export interface Connection {
  /** Aborted when the caller goes away before the answer ended. */
  readonly signal: AbortSignal;
}

export interface Routed extends Inbound {
  readonly route: Route;
}

export interface Authenticated extends Routed {
  readonly identity: Identity;
}

/** The caller, and the token they proved it with. The token ends its life in `exchange`. */
export interface Identity {
  readonly caller: Caller;
  /** Undefined for an anonymous caller. */
  readonly callerToken: string | undefined;
}

export interface Understood extends Authenticated {
  readonly call: Call;
}

/** What is asked: the body as it came, and what was read from it. */
export interface Call {
  /** The original bytes; forwarded unchanged. Undefined for GET and DELETE. */
  readonly body: Buffer | undefined;
  /** One entry per JSON-RPC message (several in a 2025-03-26 batch); none for GET and DELETE. */
  readonly messages: readonly Message[];
}

export interface Message {
  readonly kind: 'request' | 'notification' | 'response';
  /** JSON-RPC method; undefined for a response. */
  readonly method: string | undefined;
  readonly id: string | number | null | undefined;
  /** Tool or prompt name, resource URI or task id: what the method acts on. */
  readonly target: string | undefined;
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
