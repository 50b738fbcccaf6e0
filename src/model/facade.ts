import type { AuditSink } from './audit-sink.ts';
import type { Inbound } from './inbound.ts';

/** An authorization server in front of the identity provider, for clients that the provider does not let register. */
export interface Facade {
  /** What clients know it by: the metadata of the server name it. */
  readonly issuer: string;
  /** Of the provider people are signed in at by it. */
  readonly providerIssuer: string;
  /** The one client it is there. */
  readonly clientId: string;
  /** Where the provider sends browsers back to: has to be registered there. */
  readonly callbackUrl: string;
  /** By exact path. What happens at them is put on record before it is answered. */
  readonly pages: ReadonlyMap<string, (inbound: Inbound, audit: AuditSink) => void>;
}
