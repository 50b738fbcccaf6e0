import type { Config } from '../config/schema.ts';
import type { ServerLife } from '../model/server-life.ts';
import type { Secret } from '../model/secret.ts';

/** A started gateway, as the command line and the demo hold it. */
export interface RunningGateway extends AsyncDisposable {
  /** Where it really listens, for example `http://127.0.0.1:8000`. */
  readonly url: string;
  readonly port: number;
  /** As they are served now. */
  readonly servers: readonly {
    readonly name: string;
    readonly resourceUrl: string;
    readonly url: string;
    readonly target: string;
    /** What local callers need, where they need one that Usher made; goes into the settings of clients. */
    readonly callerToken: Secret | undefined;
    /** Does it take callers without a token? */
    readonly isOpen: boolean;
    /** The client people sign in with in theirs, where these cannot register themselves. */
    readonly oauth: Config['servers'][string]['oauth'];
    /** Of a server that is run here. */
    readonly life: ServerLife | undefined;
  }[];
  /** Resolves when a child process it runs ended by itself and is not started again, with a sentence about it. */
  readonly workloadEnded: Promise<string>;
  /** Opens the audit file anew, then takes over the configuration that `read` returns: calls under way end as they began,
   * new ones see the new one. Never rejects: when something is wrong it is in the log, everything stays as it was, and it
   * resolves with false.
   */
  reload(read: () => Config): Promise<boolean>;
  /** What is missing before calls can be served, why, and what to do, in sentences for the operator; empty when nothing is. */
  waitingFor(): readonly string[];
  /** Stops taking calls, lets running ones end (bounded), closes everything. Idempotent. */
  close(): Promise<void>;
  /** Ends running calls at once, while `close` waits for them. */
  cut(): void;
}
