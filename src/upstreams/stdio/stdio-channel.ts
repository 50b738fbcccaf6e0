import type { Channel, ChannelEvents } from '../../bridge/channel.ts';
import { describe } from '../../lib/describe-error.ts';
import { LineSplitter } from '../../lib/line-splitter.ts';
import { parseJson } from '../../lib/parse-json.ts';
import { plain } from '../../lib/plain.ts';
import { withoutTokens } from '../../lib/without-tokens.ts';
import type { Launched } from '../../model/launcher.ts';
import type { Log } from '../../model/log.ts';
import type { UpstreamUser } from '../../model/upstream.ts';
import type { GivenToken } from './user-token.ts';

/** Bytes of one message: pictures travel in them. */
const longestMessage = 32 * 1024 * 1024;
/** Lines that are no message: so many are logged, in full or nearly. */
const mostGarbage = 20;
const longestGarbage = 500;
/** A server that ends closes its streams first: how it ended is said then, not that; an engine may take a moment to know. */
const endingMs = 2_000;

export interface StdioChannelOptions {
  readonly name: string;
  readonly events: ChannelEvents;
  /** What its user gave it; undefined where it is everybody's. */
  readonly token: GivenToken | undefined;
  readonly log: Log;
  /** Told when the server ended by itself, with why. */
  readonly onFallen: (reason: string) => void;
}

/** The standard streams of one server: a message a line, both ways (MCP, stdio). */
export class StdioChannel implements Channel {
  readonly whenClosed: Promise<void>;
  readonly #launched: Launched;
  readonly #options: StdioChannelOptions;
  readonly #closed = Promise.withResolvers<void>();
  #garbage = 0;
  #isClosing = false;

  constructor(launched: Launched, options: StdioChannelOptions) {
    this.whenClosed = this.#closed.promise;
    this.#launched = launched;
    this.#options = options;
    const splitter = new LineSplitter({
      longest: longestMessage,
      onLine: (line) => this.#take(line),
      onTooLong: () => {
        this.#log(`A message of the server is longer than ${longestMessage} bytes and was left out`);
        if (!this.#isClosing) options.events.onLost();
      },
    });
    launched.output.on('data', (chunk: Buffer) => splitter.push(chunk));
    void launched.ended.then((reason) => this.#fall(reason));
    // One that goes on without them answers nobody any more.
    launched.output.once('close', () => this.#endSoon('it closed its standard output'));
    launched.input.once('close', () => this.#endSoon('it closed its standard input'));
    options.token?.onEnd((reason) => this.#end(reason));
  }

  get pendingBytes(): number {
    return this.#launched.input.writableLength;
  }

  send(text: string): undefined {
    if (!this.#isClosing && this.#launched.input.writable) this.#launched.input.write(`${text}\n`);
  }

  pause(): void {
    this.#launched.output.pause();
  }

  resume(): void {
    this.#launched.output.resume();
  }

  renew(user: UpstreamUser): boolean {
    return this.#options.token?.renew(user) ?? true;
  }

  async close(): Promise<void> {
    if (!this.#isClosing) {
      this.#isClosing = true;
      // What it still says must not keep it from ending.
      this.#launched.output.resume();
      await this.#remove(() => this.#launched[Symbol.asyncDispose]());
      await this.#remove(() => this.#options.token?.remove());
      this.#closed.resolve();
    }
    await this.whenClosed;
  }

  /** Nobody waits for it as a rule: what cannot be removed is for the operator to see, and must not end the gateway. */
  async #remove(remove: () => PromiseLike<void> | undefined): Promise<void> {
    try {
      await remove();
    } catch (error) {
      const fields = { server: this.#options.name, reason: describe(error) };
      this.#options.log.warn('Something of a process of the MCP server could not be removed', fields);
    }
  }

  #take(line: string): void {
    if (this.#isClosing || line.trim() === '') return;
    const value = parseJson(line);
    if (typeof value === 'object' && value !== null) return this.#options.events.onMessage(line);
    this.#garbage += 1;
    if (this.#garbage > mostGarbage) return;
    const more = this.#garbage === mostGarbage ? ' (no more of these are logged)' : '';
    const shown = this.#options.token?.gift.hide?.(line) ?? line;
    const text = withoutTokens(plain(shown.slice(0, longestGarbage)));
    this.#log(`The server wrote to stdout what is no message; it was left out${more}: ${text}`);
  }

  #endSoon(reason: string): void {
    if (!this.#isClosing) setTimeout(() => this.#fall(reason), endingMs).unref();
  }

  /** Nobody asked it to. */
  #fall(reason: string): void {
    if (!this.#isClosing) this.#options.onFallen(reason);
    this.#end(reason);
  }

  #end(reason: string): void {
    if (this.#isClosing) return;
    const said = this.#launched.lastErrors();
    this.#options.log.warn('A process of the MCP server ended', {
      server: this.#options.name,
      reason,
      ...(said.length === 0 ? {} : { stderr: said }),
    });
    this.#options.events.onEnd(reason);
    void this.close();
  }

  #log(message: string): void {
    this.#options.log.warn(message, { server: this.#options.name });
  }
}
