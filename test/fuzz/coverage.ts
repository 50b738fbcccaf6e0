import { Session, type Profiler } from 'node:inspector';

type Range = readonly [start: number, end: number];

/** What of our own sources has run so far, block by block, as V8 counts it. */
export class Coverage {
  readonly #session = new Session();
  /** Of each function that ran, the blocks that did not. */
  #missed = new Map<string, readonly Range[]>();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** How many functions ran, and how many characters of them did not. */
  get summary(): string {
    const missed = [...this.#missed.values()].flat().reduce((sum, [start, end]) => sum + end - start, 0);
    return `${this.#missed.size} functions, ${missed} characters of them never`;
  }

  /** Has anything run since the last time that never ran before? */
  take(): boolean {
    let isNew = false;
    // With a callback that is called before post returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error;
      for (const script of result) if (isOurs(script.url)) isNew = this.#add(script) || isNew;
    });
    return isNew;
  }

  /** Brings what is known back to what it was when the returned function is called. */
  remember(): () => void {
    const before = new Map(this.#missed);
    return () => void (this.#missed = before);
  }

  #add({ url, functions }: Profiler.ScriptCoverage): boolean {
    let isNew = false;
    for (const { ranges } of functions) {
      const [whole] = ranges;
      if (whole === undefined || whole.count === 0) continue;
      const key = `${url}:${whole.startOffset}:${whole.endOffset}`;
      const missed = ranges.filter(({ count }) => count === 0).map((one): Range => [one.startOffset, one.endOffset]);
      const before = this.#missed.get(key);
      const now = before === undefined ? missed : intersect(before, missed);
      if (before === undefined || lengthOf(now) < lengthOf(before)) {
        isNew = true;
        this.#missed.set(key, now);
      }
    }
    return isNew;
  }

  close(): void {
    this.#session.disconnect();
  }
}

function isOurs(url: string): boolean {
  return url.startsWith('file:') && url.includes('/src/') && !url.includes('/node_modules/');
}

function intersect(some: readonly Range[], others: readonly Range[]): readonly Range[] {
  return some.flatMap(([start, end]) =>
    others.map(([from, until]): Range => [Math.max(start, from), Math.min(end, until)]).filter(([a, b]) => a < b),
  );
}

function lengthOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, [start, end]) => sum + end - start, 0);
}
