import type { Dispatcher } from 'undici';
import errors from 'undici/lib/core/errors.js';
import type { UpstreamAnswer, UpstreamExchange } from '../../model/upstream.ts';
import type { BrokenConnections } from './broken-connections.ts';

/** The pieces behind the head whose pauses are looked at. Any but the first can be the one that stalls: a head, an empty
 * first event, the answer itself, the end.
 */
const watchedPieces = 3;

export interface ExchangeDeps {
  readonly broken: BrokenConnections;
  /** Hears the longest pause between the first pieces of an answer that is complete. */
  readonly notePause: (pauseMs: number) => void;
}

/** Hands what undici reports on to the answer, until it ended or was aborted. */
export class Exchange implements UpstreamExchange, Dispatcher.DispatchHandler {
  readonly #answer: UpstreamAnswer;
  readonly #broken: BrokenConnections;
  readonly #notePause: (pauseMs: number) => void;
  #pieces = 0;
  #lastPieceAtMs = 0;
  #longestPauseMs = 0;
  #controller: Dispatcher.DispatchController | undefined;
  #isAborted = false;

  constructor(answer: UpstreamAnswer, { broken, notePause }: ExchangeDeps) {
    this.#answer = answer;
    this.#broken = broken;
    this.#notePause = notePause;
  }

  abort(): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#controller?.abort(new Error('the caller went away'));
  }

  pause(): void {
    this.#pieces = watchedPieces;
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isAborted) controller.abort(new Error('the caller went away'));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (status < 200 || this.#isAborted) return;
    const coding = headers['transfer-encoding'];
    if (coding !== undefined && String(coding).trim().toLowerCase() !== 'chunked')
      return controller.abort(new errors.HTTPParserError(`Transfer coding ${JSON.stringify(coding)} is not chunked`));
    this.#lastPieceAtMs = performance.now();
    this.#answer.onHead(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isAborted) return;
    if (this.#pieces < watchedPieces) this.#watchPause();
    this.#answer.onData(chunk);
  }

  onResponseEnd(): void {
    if (this.#isAborted) return;
    // Without a length an answer ends with its connection; but not with one that broke.
    if (this.#broken.reason !== undefined) return this.#answer.onError(this.#broken.reason);
    if (this.#pieces < watchedPieces) this.#watchPause();
    this.#notePause(this.#longestPauseMs);
    this.#answer.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#isAborted) return;
    // undici asserts what the parser lets through, a status below 100 for instance.
    const isAssertion = error.name === 'AssertionError';
    this.#answer.onError(
      isAssertion ? new errors.HTTPParserError('Response does not match the HTTP/1.1 protocol') : error,
    );
  }

  #watchPause(): void {
    const nowMs = performance.now();
    this.#longestPauseMs = Math.max(this.#longestPauseMs, nowMs - this.#lastPieceAtMs);
    this.#lastPieceAtMs = nowMs;
    this.#pieces += 1;
  }
}
