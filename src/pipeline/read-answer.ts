import { EventSplitter } from '../lib/event-splitter.ts';
import type { UpstreamAnswer, UpstreamExchange } from '../model/upstream.ts';
import { fail } from '../model/usher-error.ts';
import type { AnswerReading } from './build-reading.ts';

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What comes behind: the answer as it goes to the caller. */
export interface PassedAnswer extends UpstreamAnswer {
  readonly exchange: UpstreamExchange | undefined;
  /** Ends it with a refusal, or cuts it where it has begun. */
  fail(error: Error): void;
}

/** Longest list that is held to be filtered, and longest event of one. */
const longestList = 16 * 1024 * 1024;
/** Longest answer that may be the announcement of a task. */
const longestAnnouncement = 64 * 1024;

/** What is not JSON. */
const unreadable = Symbol('unreadable');

/** Looks at an answer on its way: JSON as a whole, event streams event by event. What need not be changed passes as the bytes
 * it came in; of an event stream nothing is held but the event that is just coming.
 */
export class ReadAnswer implements UpstreamAnswer {
  readonly #passed: PassedAnswer;
  readonly #reading: AnswerReading;
  readonly #target: string;
  #limit = longestList;
  #mode: 'pass' | 'drop' | 'json' | 'events' = 'pass';
  #head: { readonly status: number; readonly headers: Headers } | undefined;
  #pieces: Buffer[] = [];
  #size = 0;
  #isFailed = false;
  readonly #splitter = new EventSplitter((event) => this.#passEvent(event));

  constructor(passed: PassedAnswer, reading: AnswerReading, target: string) {
    this.#passed = passed;
    this.#reading = reading;
    this.#target = target;
  }

  onHead(status: number, headers: Headers): void {
    const type =
      String(headers['content-type'] ?? '')
        .split(';', 1)[0]
        ?.trim()
        .toLowerCase() ?? '';
    const isReadable = headers['content-encoding'] === undefined || headers['content-encoding'] === 'identity';
    if (status >= 200 && status < 300 && status !== 202 && status !== 204) {
      if (type === 'application/json' && isReadable) {
        this.#mode = 'json';
        if (!this.#reading.mustRead) this.#limit = longestAnnouncement;
      } else if (type === 'text/event-stream' && isReadable) this.#mode = 'events';
      else if (this.#reading.mustRead)
        return this.#fail(`it answered as ${JSON.stringify(type)}${isReadable ? '' : ', encoded'}`);
    }
    // Nothing belongs there, and whoever reads it all the same would read a list.
    if (this.#reading.mustRead && (status === 202 || status === 204)) this.#mode = 'drop';
    // Its length is known when it has been read.
    if (this.#mode === 'json') this.#head = { status, headers };
    else this.#passed.onHead(status, this.#mode === 'events' ? without(headers, 'content-length') : headers);
  }

  onData(chunk: Buffer): void {
    if (this.#isFailed) return;
    if (this.#mode === 'drop') return;
    if (this.#mode === 'pass') this.#passed.onData(chunk);
    else if (this.#mode === 'events') this.#readEvents(chunk);
    else this.#collect(chunk);
  }

  onEnd(): void {
    if (this.#isFailed) return;
    if (this.#mode === 'json') this.#passJson();
    else if (this.#mode === 'events' && !this.#reading.mustRead) this.#passBytes(this.#splitter.rest());
    if (!this.#isFailed) this.#passed.onEnd();
  }

  onError(error: Error): void {
    if (this.#isFailed) return;
    const held = this.#head;
    // The caller has seen nothing of it, but it had begun: it must not look as if the server had not answered.
    if (held !== undefined) return this.#fail('the answer was cut short');
    this.#passed.onError(error);
  }

  #collect(chunk: Buffer): void {
    this.#pieces.push(chunk);
    this.#size += chunk.length;
    if (this.#size <= this.#limit) return;
    if (this.#reading.mustRead) return this.#fail(`a list is longer than ${this.#limit} bytes`);
    // Too long to be what is looked for.
    this.#mode = 'pass';
    const { status, headers } = this.#takeHead();
    this.#passed.onHead(status, headers);
    for (const piece of this.#pieces) this.#passed.onData(piece);
    this.#pieces = [];
  }

  #passJson(): void {
    const body = Buffer.concat(this.#pieces, this.#size);
    const rewritten = this.#rewrite(body.toString('utf8'));
    if (this.#isFailed) return;
    const { status, headers } = this.#takeHead();
    const bytes = rewritten === undefined || rewritten === unreadable ? body : Buffer.from(rewritten);
    this.#passed.onHead(status, { ...without(headers, 'transfer-encoding'), 'content-length': String(bytes.length) });
    this.#passBytes(bytes);
  }

  #readEvents(chunk: Buffer): void {
    this.#splitter.push(chunk);
    if (this.#splitter.pendingBytes <= this.#limit) return;
    this.#fail(`an event is longer than ${this.#limit} bytes`);
  }

  #passEvent(event: Buffer): void {
    if (this.#isFailed) return;
    const isOfInterest = this.#reading.marks.some((mark) => event.includes(mark));
    this.#passBytes(isOfInterest ? this.#rewriteEvent(event) : event);
  }

  #rewriteEvent(event: Buffer): Buffer {
    // A stream may begin with a byte order mark, which readers take off.
    const text = event.toString('utf8').replace(/^\uFEFF/, '');
    const lines = text.split(/\r\n|\n|\r/);
    const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5).replace(/^ /, ''));
    const rewritten = data.length === 0 ? undefined : this.#rewrite(data.join('\n'));
    if (rewritten === unreadable) return this.#reading.mustRead ? Buffer.alloc(0) : event;
    if (rewritten === undefined) return event;
    if (rewritten === '') return Buffer.alloc(0);
    const others = lines.filter((line) => line !== '' && !line.startsWith('data:'));
    return Buffer.from([...others, `data: ${rewritten}`, '', ''].join('\n'));
  }

  /** The new text, empty when nothing is left, or undefined when the old one is good. What is not JSON is no message; but
   * some read more than JSON.
   */
  #rewrite(text: string): string | typeof unreadable | undefined {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      // An event need not be JSON; a JSON answer that is none is nobody's list.
      if (this.#mode === 'json' && this.#reading.mustRead) this.#fail('a list is not JSON');
      return unreadable;
    }
    const after = this.#reading.rewrite(message);
    if (after === message) return undefined;
    return after === undefined ? '' : JSON.stringify(after);
  }

  #passBytes(bytes: Buffer): void {
    if (bytes.length > 0) this.#passed.onData(bytes);
  }

  #takeHead(): { readonly status: number; readonly headers: Headers } {
    const head = this.#head;
    if (head === undefined) throw new TypeError('The answer has no head yet');
    this.#head = undefined;
    return head;
  }

  #fail(reason: string): void {
    this.#isFailed = true;
    this.#pieces = [];
    this.#passed.fail(fail('upstream_failed', { target: this.#target, reason }));
  }
}

function without(headers: Headers, name: string): Headers {
  const { [name]: _, ...rest } = headers;
  return rest;
}
