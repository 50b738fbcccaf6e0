import type { UpstreamRequest, UpstreamUser } from '../model/upstream.ts';

/** Messages to one server and from it, a JSON text each: the server has no streams and no status, only this. */
export interface Channel {
  /** Sends a message. What the server does not take yet is kept, see `pendingBytes`. Resolves when the server has it, or it is
   * told that it has not; absent where that cannot be known.
   * @param by the call it belongs to; absent where nobody calls: when a call is over, or for what the gateway asks itself
   */
  send(text: string, by?: UpstreamRequest): Promise<void> | undefined;
  /** Of messages that the server has not taken yet. */
  readonly pendingBytes: number;
  /** Hears nothing more until `resume`: the server has to wait when it goes on. */
  pause(): void;
  resume(): void;
  /** Takes over what the user of a call has by now. False when that cannot be: another channel should be opened for calls
   * from now on.
   */
  renew(user: UpstreamUser): boolean;
  /** Resolves when nothing of it is left. After that its events hear nothing more. */
  close(): Promise<void>;
}

export interface ChannelEvents {
  /** One JSON text. */
  onMessage(text: string): void;
  /** Something came that is no message and was left out: an answer may have been in it. */
  onLost(): void;
  /** A message did not reach the server: `Undelivered`, or a refusal. */
  onUndelivered(text: string, error: Error): void;
  /** It ended by itself; a sentence says why. */
  onEnd(reason: string): void;
}

/** Opens a channel for a user.
 * @throws UsherError of stage forward
 */
export type OpenChannel = (by: UpstreamRequest | undefined, events: ChannelEvents) => Promise<Channel>;
