import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Connection } from './connection.ts';

/** A request as it came: what the request path begins with (stages.ts). */
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
