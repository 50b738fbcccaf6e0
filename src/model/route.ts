import type { Roster } from '../lib/roster.ts';
import type { Authenticator } from './authenticator.ts';
import type { Credential } from './credential.ts';
import type { Facade } from './facade.ts';
import type { Listening } from './listening.ts';
import type { Owners } from './owner.ts';
import type { Policy } from './policy.ts';
import type { ProofCheck } from './proof-check.ts';
import type { RateLimits } from './rate-limits.ts';
import type { Upstream } from './upstream.ts';
import type { Workload } from './workload.ts';

/** One mounted server with the strategies that were built for it once, at start. A stage gets nothing else. */
export interface Route {
  readonly name: string;
  /** The one path that is forwarded, for example /mcp. */
  readonly path: string;
  /** RFC 9728 `resource`; fixed by configuration, never taken from the request. */
  readonly resourceUrl: string;
  /** Where the metadata is; goes into every challenge. */
  readonly resourceMetadataUrl: string;
  readonly allowedHosts: ReadonlySet<string>;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly limits: {
    readonly bodyBytes: number;
    /** How long a stream that only listens may outlive the caller's token. */
    readonly streamGraceMs: number;
  };
  readonly authenticator: Authenticator;
  /** Where tokens can be bound to keys; undefined where none is asked for. */
  readonly proofs: ProofCheck | undefined;
  readonly policy: Policy;
  /** Undefined where everybody may call as often as they like. */
  readonly rateLimits: RateLimits | undefined;
  readonly credential: Credential;
  readonly upstream: Upstream;
  /** Request headers that go on beside MCP's own, in lower case. */
  readonly forwardedHeaders: ReadonlySet<string>;
  readonly sessions: Owners;
  readonly tasks: Owners;
  /** The streams of this server that only listen. */
  readonly listening: Roster<Listening>;
  /** Where clients sign in by Usher itself; undefined where they do so at the provider. */
  readonly facade: Facade | undefined;
  /** What runs the server; absent where somebody else does. */
  readonly workload: Workload | undefined;
}
