/** Milliseconds. Linux holds an acknowledgement back for 40; what comes sooner or later than this is something else. */
const shortestStallMs = 36;
const longestStallMs = 60;
/** So many stalls, each undone by eight answers without one, make a suspicion. */
const suspicious = 3;
const undonePerAnswer = 1 / 8;
/** So many answers on connections of their own show whether those help. */
const trialAnswers = 8;
const tolerable = 1;
/** After that it is found out anew: the server may have been mended, or replaced. */
const verdictMs = 600_000;

type State = 'reusing' | 'on trial' | 'fresh' | 'given up';

/** Whether the connections to one server may be used again.
 *
 * A server that writes an answer in small pieces without TCP_NODELAY stalls on a connection that was used before: Nagle's
 * algorithm (RFC 896) keeps its second piece back until the first is acknowledged, and the kernel here delays that
 * acknowledgement (RFC 1122 §4.2.3.2), which Node.js cannot ask it not to. On a new connection it acknowledges at once. So
 * where answers pause for just that long again and again, each call gets a connection of its own; if they pause there as
 * well, it is the server's own pace and connections are used again.
 */
export class ConnectionReuse {
  readonly #now: () => number;
  readonly #onChange: (isAllowed: boolean) => void;
  #state: State = 'reusing';
  #untilMs = Number.POSITIVE_INFINITY;
  #suspicion = 0;
  #answers = 0;
  #stalls = 0;

  /** `now` in milliseconds, of a clock that only goes forward. */
  constructor(now: () => number, onChange: (isAllowed: boolean) => void = () => {}) {
    this.#now = now;
    this.#onChange = onChange;
  }

  /** May the next call have a connection that was used before? */
  isAllowed(): boolean {
    if (this.#state !== 'reusing' && this.#now() >= this.#untilMs) this.#enter('reusing');
    return this.#state === 'reusing' || this.#state === 'given up';
  }

  /** Takes down an answer: the longest pause between its first pieces, and whether its call was allowed a used connection. */
  note(pauseMs: number, wasAllowed: boolean): void {
    const isStall = pauseMs >= shortestStallMs && pauseMs <= longestStallMs;
    if (this.#state === 'reusing' && wasAllowed) {
      this.#suspicion = isStall ? this.#suspicion + 1 : Math.max(0, this.#suspicion - undonePerAnswer);
      if (this.#suspicion > suspicious - 1) this.#enter('on trial');
    } else if (this.#state === 'on trial' && !wasAllowed) {
      this.#answers += 1;
      if (isStall) this.#stalls += 1;
      if (this.#stalls > tolerable) this.#enter('given up');
      else if (this.#answers === trialAnswers) this.#enter('fresh');
    }
  }

  #enter(state: State): void {
    if (state === 'fresh') this.#onChange(false);
    else if (this.#state === 'fresh') this.#onChange(true);
    this.#state = state;
    this.#untilMs = state === 'reusing' ? Number.POSITIVE_INFINITY : this.#now() + verdictMs;
    this.#suspicion = 0;
    this.#answers = 0;
    this.#stalls = 0;
  }
}
