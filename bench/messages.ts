/** What the benchmark's processes ask one another, by kind; each question has one answer. */
export interface Questions {
  /** To each: are you up? `port` is where it listens. */
  readonly ready: { ask: object; answer: { port: number } };
  /** To the origin: the Authorization header of the latest request, and how many requests came so far. */
  readonly seen: { ask: object; answer: { authorization: string; requests: number } };
  /** To the provider: access tokens for callers, each of another user; good for two hours when nothing else is said. */
  readonly sign: { ask: { count: number; lifeSeconds?: number; jkt?: string }; answer: { tokens: string[] } };
  /** To the load generator: the thumbprint of its key, for tokens that are bound to it. */
  readonly key: { ask: object; answer: { jkt: string } };
  /** To the provider: how often each of its endpoints was asked. */
  readonly exchanges: { ask: object; answer: ProviderCounts };
  /** To the load generator: calls one after the other on each connection, until the time is up or all are made. */
  readonly load: { ask: LoadOrder; answer: LoadResult };
  /** To the origin: one more event on every stream that is open. */
  readonly broadcast: { ask: object; answer: { streams: number } };
  /** To the load generator: event streams that are opened and kept. */
  readonly openStreams: { ask: StreamOrder; answer: StreamState };
  /** To the load generator: what became of them. */
  readonly streams: { ask: object; answer: StreamState };
  /** To the load generator: ends them all. */
  readonly closeStreams: { ask: object; answer: StreamState };
  /** To a gateway started for it: its memory, as it is or after a collection. */
  readonly memory: { ask: { collects: boolean }; answer: MemoryAnswer };
}

export interface MemoryAnswer {
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** Of buffers and other memory outside the heap that JavaScript holds. */
  readonly externalBytes: number;
}

export interface ProviderCounts {
  readonly immediate: number;
  readonly delayed: number;
  /** Questions about tokens. */
  readonly introspections: number;
  /** Most requests under way at once since the last time somebody asked. */
  readonly peak: number;
}

export interface LoadOrder {
  /** Results under one key are kept together, for percentiles over all rounds. */
  readonly key: string;
  readonly port: number;
  readonly connections: number;
  /** Sent in turn; one empty string means no token. */
  readonly tokens: readonly string[];
  /** Each call gets a proof of the key (RFC 9449) for this URL; bearer tokens when absent. */
  readonly proofUrl?: string | undefined;
  /** Calls of MCP 2026-07-28, without a session; of 2025-11-25 when absent. */
  readonly isModern?: boolean;
  readonly durationMs: number;
  readonly maxRequests?: number;
  /** Calls are sent at this rate, as long as the connections can; as fast as they can when absent. */
  readonly ratePerSecond?: number;
}

export interface StreamOrder {
  readonly port: number;
  readonly count: number;
  readonly tokens: readonly string[];
}

export interface StreamState {
  readonly open: number;
  /** Streams that ended by themselves. */
  readonly lost: number;
  /** Over all streams that are open. */
  readonly events: number;
  readonly firstError: string | undefined;
}

export interface LoadResult {
  /** This time. */
  readonly requests: number;
  readonly elapsedMs: number;
  /** Answers that were not 200, and broken connections; the first of them in words. */
  readonly errors: number;
  readonly firstError: string | undefined;
  /** Over everything under this key so far. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export type Kind = keyof Questions;
export type Ask<K extends Kind> = Questions[K]['ask'];
export type Answer<K extends Kind> = Questions[K]['answer'];
