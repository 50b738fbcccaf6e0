import type { Clock } from '../lib/clock.ts';
import type { DeviceWaits } from './device-waits.ts';
import type { Directory } from './directory.ts';
import type { IdpOptions } from './running-idp.ts';
import type { Seed } from './seed/seed-schema.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { OrgState } from './state/org-state.ts';
import type { LiveServer } from './state/state-schema.ts';
import type { Store } from './store.ts';
import type { SystemLog } from './system-log.ts';

/** What all authorization servers of one provider share: people, apps, the sign-in session. */
export interface Org {
  /** What it began with: its name and lifetimes stay. */
  readonly seed: Seed;
  /** What it has now. */
  readonly state: OrgState;
  readonly systemLog: SystemLog;
  readonly directory: Directory;
  readonly store: Store;
  readonly log: NonNullable<IdpOptions['log']>;
  readonly now: Clock;
  /** Signs cookies and forms; new at every start, like the sessions. */
  readonly cookieSecret: string;
  readonly dpopNonceSecret: Buffer;
  readonly deviceWaits: DeviceWaits;
  findServer(id: string): ServerContext | undefined;
}

/** One authorization server: how it is set up now, where it stands and what it signs with. */
export interface ServerContext {
  readonly org: Org;
  readonly server: LiveServer;
  readonly issuer: string;
  /** As of now: a rotation changes them. */
  keys(): SigningKeys;
}
