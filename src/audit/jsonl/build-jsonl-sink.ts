import { open, type FileHandle } from 'node:fs/promises';
import type { AuditRecord } from '../../model/audit-record.ts';
import type { AuditSink } from '../../model/audit-sink.ts';
import { describe } from '../../lib/describe-error.ts';
import { fail, type UsherError } from '../../model/usher-error.ts';
import { serializeRecord } from './serialize-record.ts';
import type { JsonlSettings } from './schema.ts';

/** Lines are written together, at most this long after they were taken. */
const batchMs = 10;
const retryMs = 1_000;

/** Sink `jsonl`: one JSON line per record, appended to a file of mode 0600, or to stdout. A record is written within 10 ms
 * of its call's end. When writing fails nothing is dropped: lines wait, `failure` is set so that new calls are refused,
 * and writing is tried again each second.
 * @throws UsherError config_invalid when the file cannot be opened for appending
 */
export async function startJsonlSink(settings: JsonlSettings): Promise<AuditSink> {
  const target = settings.file === '-' ? stdoutTarget() : await fileTarget(settings.file);
  return new JsonlSink(settings.file, target);
}

interface Target {
  append(text: string): Promise<void>;
  close(): Promise<void>;
}

class JsonlSink implements AuditSink {
  readonly strategy = 'jsonl';
  readonly #path: string;
  readonly #target: Target;
  #lines: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #failure: UsherError | undefined;

  constructor(path: string, target: Target) {
    this.#path = path;
    this.#target = target;
  }

  get failure(): UsherError | undefined {
    return this.#failure;
  }

  write(record: AuditRecord): void {
    this.#lines.push(serializeRecord(record));
    this.#timer ??= setTimeout(() => void this.flush(), batchMs);
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#writing !== undefined) await this.#writing;
    if (this.#lines.length === 0) return;
    const lines = this.#lines;
    this.#lines = [];
    this.#writing = this.#append(lines);
    await this.#writing;
    this.#writing = undefined;
  }

  async close(): Promise<void> {
    await this.flush();
    clearTimeout(this.#timer);
    await this.#target.close();
  }

  async #append(lines: readonly string[]): Promise<void> {
    try {
      await this.#target.append(`${lines.join('\n')}\n`);
      this.#failure = undefined;
    } catch (cause) {
      this.#failure = fail('audit_unavailable', { path: this.#path, reason: describe(cause) }, { cause });
      this.#lines = [...lines, ...this.#lines];
      this.#timer ??= setTimeout(() => void this.flush(), retryMs);
    }
  }
}

async function fileTarget(path: string): Promise<Target> {
  let file: FileHandle;
  try {
    file = await open(path, 'a', 0o600);
  } catch (cause) {
    throw fail(
      'config_invalid',
      { report: `--audit-file: Cannot open ${path} for appending: ${describe(cause)}` },
      { cause },
    );
  }
  return { append: (text) => file.appendFile(text), close: () => file.close() };
}

/** A reader that went away (EPIPE) is a failure like a full disk. */
function stdoutTarget(): Target {
  const ignore = () => {};
  process.stdout.on('error', ignore);
  return {
    append: (text) =>
      new Promise((resolve, reject) => {
        process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
      }),
    close: async () => {
      process.stdout.off('error', ignore);
    },
  };
}
