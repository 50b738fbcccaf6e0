import type { buildConnector } from 'undici';

type Connector = ReturnType<typeof buildConnector>;

/** Tells an answer that ends with its connection from one whose connection broke.
 *
 * A body without a length lasts until the connection is closed (RFC 9112 §6.3). undici takes a reset for such a close, and
 * reports the answer as complete while it handles the socket's error; whoever asks then learns of it here.
 */
export class BrokenConnections {
  #reason: Error | undefined;

  /** The error of the connection that is being given up just now; undefined at any other time. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  /** A connector whose sockets are listened to before anybody else does. */
  watch(connector: Connector): Connector {
    return (options, callback) =>
      connector(options, (...result) => {
        const [, socket] = result;
        socket?.prependListener('error', this.#take);
        callback(...result);
      });
  }

  readonly #take = (error: Error): void => {
    this.#reason = error;
    // Behind the other listeners, which are called at once.
    queueMicrotask(() => {
      this.#reason = undefined;
    });
  };
}
