import type { ServerLife } from './server-life.ts';
import type { UpstreamCredential } from './upstream-credential.ts';

/** Seam: how we reach the MCP server. One folder per member under upstreams/. */
export interface Upstream {
  readonly strategy: string;
  /** Where it is, for audit, log and errors; without user info or query. */
  readonly target: string;
  /** Starts one request. Everything that happens then is told to `answer`, in order, never before `send` returns. */
  send(request: UpstreamRequest, answer: UpstreamAnswer): UpstreamExchange;
  /** For upstreams that keep something for each user: nothing more may be done for this one from now on. */
  withdraw?(principal: string): void;
  /** Of the processes it runs; undefined where somebody else runs the server. */
  readonly life?: ServerLife;
  close(): Promise<void>;
}

/** Whose call it is, and as whom it goes on. */
export interface UpstreamUser {
  /** Issuer, subject and client as one text; empty for an anonymous caller. */
  readonly principal: string;
  /** What the caller's token says of them; empty where there is none. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** What stands in the headers already, for upstreams that hand it on in another way. */
  readonly credential: UpstreamCredential | undefined;
}

export interface UpstreamRequest {
  readonly method: string;
  /** Query of the caller's request with its question mark, or empty; the path is the upstream's own. */
  readonly query: string;
  /** Name, value, name, value …: built by `forward` from an allow-list. */
  readonly headers: string[];
  readonly body: Buffer | undefined;
  readonly user: UpstreamUser;
}

export interface UpstreamExchange {
  /** Ends it: the upstream sees its connection closed. After that `answer` hears nothing more. */
  abort(): void;
  pause(): void;
  resume(): void;
}

export interface UpstreamAnswer {
  /** Status and headers (names in lower case) of the final answer; 1xx are left out. */
  onHead(status: number, headers: Readonly<Record<string, string | readonly string[] | undefined>>): void;
  onData(chunk: Buffer): void;
  onEnd(): void;
  /** Before `onHead`: nothing was answered. After it: the answer is cut short and must not look complete. */
  onError(error: Error): void;
}
