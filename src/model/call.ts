/** What is asked: the body as it came, and what was read from it. */
export interface Call {
  /** The original bytes; forwarded unchanged. Undefined for GET and DELETE. */
  readonly body: Buffer | undefined;
  /** One entry per JSON-RPC message (several in a 2025-03-26 batch); none for GET and DELETE. */
  readonly messages: readonly Message[];
}

export interface Message {
  readonly kind: 'request' | 'notification' | 'response';
  /** JSON-RPC method; undefined for a response. */
  readonly method: string | undefined;
  readonly id: string | number | null | undefined;
  /** Tool or prompt name, resource URI or task id: what the method acts on. */
  readonly target: string | undefined;
  /** Tasks whose progress is asked for on a stream (`subscriptions/listen`). */
  readonly taskIds: readonly string[];
  /** The protocol version its `_meta` declares (MCP 2026-07-28 and later). */
  readonly version: string | undefined;
  /** May the answer be a task instead of a result? */
  readonly mayBecomeTask: boolean;
}
