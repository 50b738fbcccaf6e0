import type { Readable, Writable } from 'node:stream';
import type { Secret } from './secret.ts';

/** Seam: starts one server that speaks MCP over its standard streams, as often as it is asked to. Members of workloads/
 * provide one.
 */
export interface Launcher {
  /** Its program or image: what the operator knows it by, and the audit trail. */
  readonly label: string;
  /** Makes sure that it can be launched: its program is there, its image is fetched. Launches nothing.
   * @throws UsherError workload_failed, or the signal's reason
   */
  prepare(signal?: AbortSignal): Promise<void>;
  /** Starts one. Returns as soon as something runs that reads and writes; whether it speaks MCP is found out by whoever
   * speaks with it.
   * @throws UsherError workload_failed; nothing of it is left then
   */
  launch(given: LaunchGift): Promise<Launched>;
}

/** What one server gets beside what is configured for all of them. None of it stands in arguments or a log. */
export interface LaunchGift {
  /** Environment variables; they win over those that are configured. */
  readonly env: Readonly<Record<string, Secret>>;
  /** A folder of this machine that this one server can read and no other. What is in it changes while it runs: files are
   * replaced by renaming, so it has to be shared as a folder, never file by file.
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
  /** Resolves with a sentence when it ended by itself. */
  readonly ended: Promise<string>;
  /** Stops it: closes its input, waits, SIGTERM, SIGKILL. Resolves when nothing of it is left. */
  [Symbol.asyncDispose](): PromiseLike<void>;
}
