import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditRecord } from '../../model/audit-record.ts';
import type { AuditSink } from '../../model/audit-sink.ts';
import type { Log } from '../../model/log.ts';
import { describe } from '../../lib/describe-error.ts';
import { fail, type UsherError } from '../../model/usher-error.ts';
import { LineQueue } from './line-queue.ts';
import { serializeRecord } from './serialize-record.ts';
import type { JsonlSettings } from './schema.ts';
import { fileTarget, stdoutTarget, type Target } from './targets.ts';

/** Times and sizes; tests have smaller ones. */
export interface JsonlBounds {
  /** Lines are written together, at most this long after they were taken. */
  readonly batchMs: number;
  readonly retryMs: number;
  /** A write that makes no progress for this long has failed, though it is not over. */
  readonly stallMs: number;
  /** How often the log says that writing still fails. */
  readonly sayAgainMs: number;
  /** Most that waits in memory. */
  readonly limitBytes: number;
  readonly batchBytes: number;
}

const usual: JsonlBounds = {
  batchMs: 10,
  retryMs: 1_000,
  stallMs: 5_000,
  sayAgainMs: 60_000,
  limitBytes: 64 * 1024 * 1024,
  batchBytes: 1024 * 1024,
};

/** An audit sink whose target can be opened anew, and whose rule for failures can be changed. */
export interface JsonlSink extends AuditSink {
  /** What happens to calls while nothing can be written. */
  whenUnwritable: JsonlSettings['whenUnwritable'];
  /** Goes on in the file that has the name now: the one before was renamed. No line is lost or divided. Never rejects. */
  reopen(): Promise<void>;
}

/** Sink `jsonl`: one JSON line per record, appended to a file of mode 0600, or to stdout. A record is written within 10 ms
 * of its call's end. When writing fails, lines wait, `trouble` is set, and so is `failure` unless calls shall go on;
 * writing is tried again each second; the log says when that begins, each minute, and when it is over. What waits is
 * bounded; what finds no room is lost, and counted. A file that was deleted is made anew.
 * @throws UsherError config_invalid when the file cannot be opened for appending
 */
export async function startJsonlSink(
  settings: JsonlSettings,
  log?: Log,
  bounds: Partial<JsonlBounds> = {},
): Promise<JsonlSink> {
  const isStdout = settings.file === '-';
  const tell = () =>
    log?.warn('The audit trail can be read by every user of this machine, and it says who did what; chmod o-r', {
      file: settings.file,
    });
  const target = isStdout ? stdoutTarget() : await fileTarget(settings.file, tell);
  return new QueuedSink({
    path: isStdout ? 'stdout' : settings.file,
    whenUnwritable: settings.whenUnwritable,
    target,
    log,
    bounds: { ...usual, ...bounds },
  });
}

interface QueuedSinkOptions {
  readonly path: string;
  readonly whenUnwritable: JsonlSettings['whenUnwritable'];
  readonly target: Target;
  readonly log: Log | undefined;
  readonly bounds: JsonlBounds;
}

class QueuedSink implements JsonlSink {
  readonly strategy = 'jsonl';
  whenUnwritable: JsonlSettings['whenUnwritable'];
  readonly #options: QueuedSinkOptions;
  /** Lines taken and not yet in the queue. */
  #taken = '';
  #takenLines = 0;
  readonly #queue = new LineQueue();
  /** Whoever waits for lines that were taken. */
  #waiting: (() => void)[] = [];
  #soon: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sayAgain: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #trouble: UsherError | undefined;
  #lost = 0;
  #isClosed = false;

  constructor(options: QueuedSinkOptions) {
    this.#options = options;
    this.whenUnwritable = options.whenUnwritable;
  }

  get trouble(): UsherError | undefined {
    return this.#trouble;
  }

  get failure(): UsherError | undefined {
    return this.whenUnwritable === 'refuse' ? this.#trouble : undefined;
  }

  write(record: AuditRecord, onWritten?: () => void): void {
    const { batchBytes, batchMs } = this.#options.bounds;
    if (onWritten !== undefined) {
      this.#waiting.push(onWritten);
      this.#soon ??= setImmediate(this.#writeSoon);
    }
    if (!this.#hasRoom(record)) {
      this.#lost += 1;
      return;
    }
    this.#taken += `${serializeRecord(record)}\n`;
    this.#takenLines += 1;
    if (this.#taken.length >= batchBytes) this.#seal();
    this.#timer ??= setTimeout(this.#flushInBackground, batchMs);
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#exclusively(() => this.#writeAll());
  }

  /** All that was taken in this turn of the event loop, at once: calls that ended together share a write. */
  readonly #writeSoon = (): void => {
    this.#soon = undefined;
    if (this.#trouble !== undefined || this.#writeNow()) return this.#release();
    const count = this.#waiting.length;
    void this.flush().then(() => this.#release(count));
  };

  /** Tells those who have waited longest; all of them when it is of no use to wait. */
  #release(count = this.#waiting.length): void {
    for (const onWritten of this.#waiting.splice(0, count)) onWritten();
  }

  /** @returns false when it cannot be done without waiting */
  #writeNow(): boolean {
    const { target } = this.#options;
    const mustWait = this.#writing !== undefined || this.#queue.byteLength > 0;
    if (mustWait || target.writeNow === undefined) return false;
    try {
      if (target.isGoneNow?.() === true) return false;
      const written = target.writeNow(this.#taken);
      if (written < Buffer.byteLength(this.#taken)) {
        this.#seal(written);
        return false;
      }
      this.#taken = '';
      this.#takenLines = 0;
    } catch {
      // Tried again with all the care there is for failures.
      return false;
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return true;
  }

  async reopen(): Promise<void> {
    await this.#exclusively(async () => {
      try {
        await this.#moveOn();
      } catch (error) {
        this.#options.log?.error('Cannot open the audit trail again; lines go on into the file that is open', {
          hint: `Opening ${this.#options.path} failed: ${describe(error)}.`,
        });
      }
    });
    // What waited for the disk may find room in the new file.
    if (this.#trouble !== undefined) await this.flush();
  }

  async close(): Promise<void> {
    const { target, path, bounds } = this.#options;
    // A write that is stuck is not waited for.
    await Promise.race([this.flush(), sleep(bounds.stallMs, undefined, { ref: false })]);
    clearImmediate(this.#soon);
    this.#release();
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#sayAgain);
    if (this.#writing === undefined) await target.close();
    else void this.#writing.then(() => target.close());
    const lines = this.#waitingLines + this.#lost;
    if (lines === 0) return;
    const reason =
      this.#trouble === undefined ? 'there was no room left for lines to wait' : describe(this.#trouble.cause);
    throw fail('audit_incomplete', { path, lines, reason });
  }

  get #waitingLines(): number {
    return this.#queue.lines + this.#takenLines;
  }

  readonly #flushInBackground = (): void => void this.flush();

  /** Makes room for a record, or says that there is none. While calls are refused the lines of those that were let through
   * before are worth more than those of new ones; where they go on, the newest are worth most.
   */
  #hasRoom({ code }: AuditRecord): boolean {
    const { limitBytes } = this.#options.bounds;
    const waitingBytes = this.#queue.byteLength + this.#taken.length;
    if (waitingBytes < (code === 'audit_unavailable' ? limitBytes / 2 : limitBytes)) return true;
    if (this.#trouble === undefined) this.#fail(new Error('lines come faster than they can be written'));
    if (this.whenUnwritable === 'refuse') return false;
    this.#seal();
    const dropped = this.#queue.dropOldest(this.#writing !== undefined);
    this.#lost += dropped;
    return dropped > 0;
  }

  /** Puts what was taken into the queue, written up to so many bytes. */
  #seal(written = 0): void {
    if (this.#takenLines === 0) return;
    this.#queue.push(this.#taken, this.#takenLines, written);
    this.#taken = '';
    this.#takenLines = 0;
  }

  /** One at a time uses the target. */
  async #exclusively(work: () => Promise<void>): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    this.#writing = work();
    await this.#writing;
    this.#writing = undefined;
  }

  /** Never throws: what could not be written stays, and is tried again. */
  async #writeAll(): Promise<void> {
    const { target, bounds } = this.#options;
    try {
      this.#seal();
      for (let bytes = this.#queue.peek(); bytes !== undefined; bytes = this.#queue.peek()) {
        if (await target.isGone()) {
          await this.#moveOn();
          continue;
        }
        this.#queue.advance(await this.#write(bytes));
      }
      this.#recover();
    } catch (cause) {
      this.#fail(cause);
      clearTimeout(this.#timer);
      if (!this.#isClosed) this.#timer = setTimeout(this.#flushInBackground, bounds.retryMs);
    }
  }

  async #write(bytes: Buffer): Promise<number> {
    const { target, bounds } = this.#options;
    const stalled = new Error(`nothing was taken for ${bounds.stallMs / 1000} s`);
    const timer = setTimeout(() => this.#fail(stalled), bounds.stallMs).unref();
    try {
      return await target.write(bytes);
    } finally {
      clearTimeout(timer);
    }
  }

  async #moveOn(): Promise<void> {
    await this.#options.target.reopen();
    this.#queue.rewind();
  }

  #fail(cause: unknown): void {
    const isNew = this.#trouble === undefined;
    this.#trouble = fail('audit_unavailable', { path: this.#options.path, reason: describe(cause) }, { cause });
    this.#release();
    if (!isNew) return;
    this.#say();
    this.#sayAgain = setInterval(() => this.#say(), this.#options.bounds.sayAgainMs).unref();
  }

  #say(): void {
    const trouble = this.#trouble;
    if (trouble === undefined) return;
    const { path, log } = this.#options;
    const counts = { linesWaiting: this.#waitingLines, linesLost: this.#lost };
    if (this.whenUnwritable === 'refuse')
      return log?.error('Cannot write the audit trail', { hint: trouble.hint, ...counts });
    log?.error('Cannot write the audit trail; calls go on without it', {
      hint: `Writing ${path} failed: ${describe(trouble.cause)}. Lines wait in memory until it works again; the oldest are dropped when there are too many.`,
      ...counts,
    });
  }

  #recover(): void {
    if (this.#trouble === undefined) return;
    clearInterval(this.#sayAgain);
    this.#trouble = undefined;
    const { path, log } = this.#options;
    if (this.#lost === 0) log?.info(`The audit trail can be written again: ${path}`);
    else log?.warn(`The audit trail can be written again: ${path}; lines lost so far: ${this.#lost}`);
  }
}
