import type { Call } from './call.ts';
import type { Caller } from './caller.ts';
import type { Identity } from './identity.ts';
import type { Inbound } from './inbound.ts';
import type { Route } from './route.ts';
import type { UpstreamCredential } from './upstream-credential.ts';

/** The types of the request path. Each contains the one before it plus one readonly field, so that a stage cannot be
 * left out or called out of order: the compiler refuses (docs/explain/architecture.md).
 */
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
