import type { Readable, Writable } from 'node:stream';
import type { Secret } from './secret.ts';
import type { UsherError } from './usher-error.ts';
import type { ShowProgress } from './workload.ts';

/** Seam: starts one server that speaks MCP over its standard streams, as often as it is asked to. Members of workloads/
 * provide one.
 */
export interface Launcher {
  /** Its program or image: what the operator knows it by, and the audit trail. */
  readonly label: string;
  /** May what it launches be another user of this machine than this process? What it is given can be read by that user, then. */
  readonly isOtherUser: boolean;
  /** Makes sure that it can be launched: its program is there, its image is fetched. Launches nothing.
   * @throws UsherError of stage start, or the signal's reason
   */
  prepare(options?: PrepareOptions): Promise<void>;
  /** Starts one. Returns as soon as something runs that reads and writes; whether it speaks MCP is found out by whoever
   * speaks with it.
   * @throws UsherError of stage start; nothing of it is left then
   */
  launch(given: LaunchGift): Promise<Launched>;
  /** Why one that was launched cannot be spoken with: for whoever starts a gateway, with what to do next.
   * @param reason a clause; how it ended, where it did
   */
  refuse(reason: string): UsherError;
}

export interface PrepareOptions {
  /** Gives up. */
  readonly signal?: AbortSignal | undefined;
  readonly showProgress?: ShowProgress | undefined;
}

/** What one server gets beside what is configured for all of them. None of it stands in arguments or a log. */
export interface LaunchGift {
  /** Environment variables; they win over those that are configured. */
  readonly env: Readonly<Record<string, Secret>>;
  /** A folder of this machine that this one server can read and no other, nor another user of the machine. What is in it changes
   * while it runs: files are replaced by renaming, so it has to be shared as a folder, never file by file.
   */
  readonly folder?: GiftFolder | undefined;
  /** Takes out of a line what must not be in a log: the server may write down what it was given. */
  readonly hide?: (line: string) => string;
}

export interface GiftFolder {
  /** Where it is on this machine. */
  readonly path: string;
  /** Environment variables that name a file in it: the variable, and the file's name. A launcher under which the folder
   * stands elsewhere says that place.
   */
  readonly fileEnv: Readonly<Record<string, string>>;
}

/** A server that runs. */
export interface Launched extends AsyncDisposable {
  /** What it reads. Errors on it are listened to already. */
  readonly input: Writable;
  /** What it says, as bytes. What it says to stderr is in the log, cleaned, without tokens. */
  readonly output: Readable;
  /** Its last lines on stderr, cleaned. */
  lastErrors(): readonly string[];
  /** Resolves with a clause when it ended by itself: how, and its last words where they tell. */
  readonly ended: Promise<string>;
  /** Stops it: closes its input, waits, SIGTERM, SIGKILL. Resolves when nothing of it is left. */
  [Symbol.asyncDispose](): PromiseLike<void>;
}
