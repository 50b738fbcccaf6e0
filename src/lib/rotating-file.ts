import { closeSync, constants, fstatSync, openSync, renameSync, statSync, writeSync } from 'node:fs';

export interface RotatingFileOptions {
  /** It is put aside before it grows beyond this. */
  readonly limitBytes: number;
  /** How many that were put aside are kept: `log.1` is the youngest. */
  readonly keep: number;
}

/** A file that is appended to, and put aside when it is large: readable by its owner only, never through a link. What cannot be
 * written is lost: who writes a log must not stop for it.
 */
export class RotatingFile implements Disposable {
  readonly #path: string;
  readonly #options: RotatingFileOptions;
  #descriptor: number | undefined;
  #size = 0;

  /** @throws Error of the system when it cannot be opened */
  constructor(path: string, options: RotatingFileOptions) {
    this.#path = path;
    this.#options = options;
    this.#open();
  }

  /** Appends a text, at once and whole. */
  readonly write = (text: string): void => {
    try {
      const bytes = Buffer.from(text);
      if (this.#size > 0 && this.#size + bytes.length > this.#options.limitBytes) this.#rotate();
      this.#reopenIfGone();
      if (this.#descriptor === undefined) return;
      let written = 0;
      while (written < bytes.length) written += writeSync(this.#descriptor, bytes, written);
      this.#size += bytes.length;
    } catch {
      // The disk is full, or the folder gone.
    }
  };

  [Symbol.dispose](): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #open(): void {
    // Windows has no links of this kind to follow, and no such flag: it counts as 0.
    const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW } = constants;
    this.#descriptor = openSync(this.#path, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW, 0o600);
    this.#size = fstatSync(this.#descriptor).size;
  }

  #rotate(): void {
    this[Symbol.dispose]();
    for (let index = this.#options.keep; index > 0; index -= 1) {
      try {
        renameSync(rotated(this.#path, index - 1), rotated(this.#path, index));
      } catch {
        // There are not so many yet.
      }
    }
    this.#open();
  }

  /** Somebody may delete it: what is written to a file without a name is read by nobody. */
  #reopenIfGone(): void {
    if (this.#descriptor !== undefined && statSync(this.#path, { throwIfNoEntry: false }) !== undefined) return;
    this[Symbol.dispose]();
    this.#open();
  }
}

/** The name of the file that was put aside so many times ago; 0 is the one that is written. */
export function rotated(path: string, index: number): string {
  return index === 0 ? path : `${path}.${index}`;
}
