import { open } from 'node:fs/promises';
import type { AuditRecord } from '../../model/audit-record.ts';
import type { AuditSink } from '../../model/audit-sink.ts';
import type { Log } from '../../model/log.ts';
import { describe } from '../../lib/describe-error.ts';
import { fail, type UsherError } from '../../model/usher-error.ts';
import { serializeRecord } from './serialize-record.ts';
import type { JsonlSettings } from './schema.ts';

/** Lines are written together, at most this long after they were taken. */
const batchMs = 10;
const retryMs = 1_000;

/** Sink `jsonl`: one JSON line per record, appended to a file of mode 0600, or to stdout. A record is written within 10 ms
 * of its call's end. When writing fails nothing is dropped: lines wait, `failure` is set so that new calls are refused,
 * and writing is tried again each second; the log says when that begins and ends. A file that was deleted is made anew.
 * @throws UsherError config_invalid when the file cannot be opened for appending
 */
export async function startJsonlSink(settings: JsonlSettings, log?: Log): Promise<AuditSink> {
  const target = settings.file === '-' ? stdoutTarget() : await fileTarget(settings.file);
  return new JsonlSink(settings.file === '-' ? 'stdout' : settings.file, target, log);
}

interface Target {
  /** Writes some of it, and says how much. */
  write(bytes: Buffer): Promise<number>;
  close(): Promise<void>;
}

class JsonlSink implements AuditSink {
  readonly strategy = 'jsonl';
  readonly #path: string;
  readonly #target: Target;
  readonly #log: Log | undefined;
  /** Lines taken and not yet handed to the target. */
  #taken = '';
  /** What the target did not take of an earlier batch: it may begin in the middle of a line. */
  #rest: Buffer = Buffer.alloc(0);
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #failure: UsherError | undefined;

  constructor(path: string, target: Target, log: Log | undefined) {
    this.#path = path;
    this.#target = target;
    this.#log = log;
  }

  get failure(): UsherError | undefined {
    return this.#failure;
  }

  write(record: AuditRecord): void {
    this.#taken += `${serializeRecord(record)}\n`;
    this.#timer ??= setTimeout(this.#flushInBackground, batchMs);
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#writing !== undefined) await this.#writing;
    if (this.#taken === '' && this.#rest.length === 0) return;
    this.#writing = this.#writeAll();
    await this.#writing;
    this.#writing = undefined;
  }

  async close(): Promise<void> {
    await this.flush();
    clearTimeout(this.#timer);
    await this.#target.close();
    if (this.#failure === undefined) return;
    const lines = this.#rest.toString().split('\n').length - 1;
    throw fail('audit_incomplete', { path: this.#path, lines, reason: describe(this.#failure.cause) });
  }

  readonly #flushInBackground = (): void => void this.flush();

  /** Never throws: what could not be written stays, and is tried again. */
  async #writeAll(): Promise<void> {
    const batch = Buffer.from(this.#taken);
    this.#rest = this.#rest.length === 0 ? batch : Buffer.concat([this.#rest, batch]);
    this.#taken = '';
    try {
      while (this.#rest.length > 0) this.#rest = this.#rest.subarray(await this.#target.write(this.#rest));
      if (this.#failure !== undefined) this.#log?.info(`The audit trail can be written again: ${this.#path}`);
      this.#failure = undefined;
    } catch (cause) {
      const isNew = this.#failure === undefined;
      this.#failure = fail('audit_unavailable', { path: this.#path, reason: describe(cause) }, { cause });
      if (isNew) this.#log?.error('Cannot write the audit trail', { hint: this.#failure.hint });
      clearTimeout(this.#timer);
      this.#timer = setTimeout(this.#flushInBackground, retryMs);
    }
  }
}

async function fileTarget(path: string): Promise<Target> {
  try {
    let file = await open(path, 'a', 0o600);
    return {
      async write(bytes) {
        // Without a name any more: what is written there is lost.
        if ((await file.stat()).nlink === 0) {
          const deleted = file;
          file = await open(path, 'a', 0o600);
          await deleted.close();
        }
        return (await file.write(bytes)).bytesWritten;
      },
      close: () => file.close(),
    };
  } catch (cause) {
    const report = `--audit-file: Cannot open ${path} for appending: ${describe(cause)}`;
    throw fail('config_invalid', { report }, { cause });
  }
}

/** A reader that went away (EPIPE) is a failure like a full disk. */
function stdoutTarget(): Target {
  const ignore = () => {};
  process.stdout.on('error', ignore);
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        process.stdout.write(bytes, (error) => (error ? reject(error) : resolve(bytes.length)));
      }),
    close: async () => {
      process.stdout.off('error', ignore);
    },
  };
}
