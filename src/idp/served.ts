import type { RequestHandler } from './authorization-server.ts';
import type { ServerContext } from './org.ts';

/** An authorization server and what answers for it. */
export interface Served {
  readonly context: ServerContext;
  readonly handle: RequestHandler;
  /** Takes over new keys and settings at once, not with the next request. */
  refresh(): Promise<void>;
}
