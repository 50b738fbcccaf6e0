/** Where events of one stream stand: ids are unique in their session, as the stream is that they name (MCP 2025-11-25,
 * Streamable HTTP, resumability).
 */
interface LoggedEvent {
  readonly stream: string;
  readonly place: number;
  readonly text: string;
}

export interface ReplayedEvent {
  readonly id: string;
  readonly text: string;
}

/** The last events of one session, for a client that lost a stream. Bounded: the oldest go first. */
export class EventLog {
  readonly #longest: number;
  #events: LoggedEvent[] = [];
  #size = 0;
  #places = 0;

  /** @param longest characters of all events together */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /** Keeps an event; returns its id. */
  add(stream: string, text: string): string {
    this.#places += 1;
    this.#events.push({ stream, place: this.#places, text });
    this.#size += text.length;
    while (this.#size > this.#longest) this.#size -= this.#events.shift()?.text.length ?? this.#size;
    return `${stream}-${this.#places}`;
  }

  /** The stream that an event id names. */
  streamOf(id: string): string | undefined {
    return /^([a-z]\d*)-\d+$/.exec(id)?.[1];
  }

  /** What came on the same stream behind this event, as far as it is still known. */
  after(id: string): readonly ReplayedEvent[] {
    const stream = this.streamOf(id);
    const place = Number(id.slice((stream?.length ?? 0) + 1));
    return this.#events
      .filter((event) => event.stream === stream && event.place > place)
      .map((event) => ({ id: `${event.stream}-${event.place}`, text: event.text }));
  }
}
