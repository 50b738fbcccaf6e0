import type { ReplayMemory } from '../authenticators/dpop/replay-memory.ts';
import type { SpentMemory } from '../facade/spent.ts';
import type { Clock } from '../lib/clock.ts';
import type { HttpClient } from '../lib/http-client.ts';
import type { Log } from '../model/log.ts';
import type { Store } from '../model/store.ts';
import type { Upstream } from '../model/upstream.ts';
import type { Workload } from '../model/workload.ts';
import type { Logins } from './operator-logins.ts';

/** What routes are built from beside their settings. */
export interface RouteDeps {
  /** For identity providers. */
  readonly http: HttpClient;
  readonly ca: readonly string[] | undefined;
  readonly now: Clock;
  readonly log: Log;
  /** The port that is really listened on, and how; part of the default resource URL. */
  readonly port: number;
  readonly scheme: 'http' | 'https';
  /** Servers that are run here, by name. */
  readonly workloads: ReadonlyMap<string, Workload>;
  /** Those that speak over their standard streams. */
  readonly bridges?: ReadonlyMap<string, Upstream>;
  /** What several replicas know together. */
  readonly store?: Store | undefined;
  /** Which proofs (DPoP) were used, by server: whatever is configured anew, they stay used. */
  readonly usedProofs: Map<string, ReplayMemory>;
  /** What was used of sign-ins by a façade, likewise. */
  readonly usedSignIns: Map<string, SpentMemory>;
  /** Who runs the gateway and signed in, by server; absent where routes are only looked at. */
  readonly logins?: Logins | undefined;
}
