import type { Dispatcher, Pool } from 'undici';
import { Undelivered } from '../../bridge/undelivered.ts';
import { describe } from '../../lib/describe-error.ts';
import { fail } from '../../model/usher-error.ts';

export interface SentMessage {
  readonly url: URL;
  /** Name, value, …: who sends it. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** Of the server, for refusals. */
  readonly target: string;
}

/** Of an answer that nobody reads: a server may not keep a connection with it. */
const longestAnswer = 64 * 1024;
const answerMs = 15_000;

/** Posts one message. Resolves when the server has it, with what went wrong where something did. What it says to that is not
 * read: answers come on the stream.
 */
export function sendMessage(pool: Pool, { url, headers, body, target }: SentMessage): Promise<Error | undefined> {
  return new Promise((resolve) => {
    let bytes = 0;
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart() {},
      onResponseStart(_controller, status, answered) {
        if (status < 200) return;
        if (status < 300) resolve(undefined);
        else if (status === 401) resolve(new Undelivered(401, answered['www-authenticate']));
        else if (status < 400) resolve(fail('upstream_redirected', { target, status }));
        else resolve(fail('upstream_failed', { target, reason: `it answered a message with ${status}` }));
      },
      onResponseData(controller, chunk) {
        bytes += chunk.length;
        if (bytes > longestAnswer) controller.abort(new Error('nobody reads it'));
      },
      onResponseEnd() {},
      onResponseError(_controller, error) {
        resolve(fail('upstream_failed', { target, reason: describe(error) }, { cause: error }));
      },
    };
    const path = url.pathname + url.search;
    const more = ['content-type', 'application/json'];
    const bodyTimeout = answerMs;
    pool.dispatch({ path, method: 'POST', headers: [...headers, ...more], body, bodyTimeout }, handler);
  });
}
