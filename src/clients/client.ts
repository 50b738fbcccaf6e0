import type { ClientLock } from './files/hold-client-lock.ts';
import type { FileValue, Place } from './formats/format.ts';

/** What a client has to know of a server. */
export interface ServerEntry {
  /** What it is called in the client. */
  readonly name: string;
  /** Where it is reached: the resource URL that its metadata name. */
  readonly url: string;
  /** Does it take callers without a token? Then nobody has to sign in. */
  readonly isOpen?: boolean;
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The client that people sign in with, where clients cannot register themselves. */
  readonly oauth?: { readonly clientId: string; readonly callbackPort?: number };
}

/** Names of formats, by what a file ends with. */
export type FormatName = 'json' | 'yaml' | 'toml';

/** An MCP client: where its settings are and how they are written. */
export interface Client extends Place {
  /** What people call it by on the command line. */
  readonly id: string;
  readonly title: string;
  /** Its file, for each platform it is known on: `~` is the home folder, `$NAME` a folder of src/clients/machine.ts, anything
   * else is below the folder people are in.
   */
  readonly file: Readonly<Partial<Record<Platform, string>>>;
  /** What is there where it is installed; the folder of its file when absent. */
  readonly signs?: readonly string[];
  readonly format: FormatName;
  /** What a level is set off by in a file that we make. */
  readonly indent: string;
  /** Set where the client wants more in its file than servers: then we never make one. */
  readonly makesFile?: true;
  /** How it writes a server. */
  readonly entry: (server: ServerEntry) => FileValue;
  /** How it locks its file while it writes it, where it does. */
  readonly lock?: ClientLock;
  /** Where that is documented. */
  readonly source: string;
  /** The version that was seen to read what Usher wrote. */
  readonly tried?: string;
  /** Set where the vendor does not say so: what it was taken from. */
  readonly doubt?: string;
  /** Where it comes back to after signing in, where that is always the same. */
  readonly redirectUris?: readonly string[];
  /** What people have to do after a change; nothing when absent. */
  readonly after?: string;
  /** What people sign in with, where the client does not ask them to by itself. */
  readonly signIn?: string;
  /** Is it of one project? Such files are written only when they are asked for. */
  readonly project?: true;
}

export type Platform = 'linux' | 'darwin' | 'win32';
