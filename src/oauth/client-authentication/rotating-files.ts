import { findFingerprint, findFingerprintNow } from '../../lib/file-fingerprint.ts';
import type { Log } from '../../model/log.ts';
import { fail } from '../../model/usher-error.ts';

/** What the files hold, or what is wrong with them: the end of a sentence. */
export type ReadFiles<T> = { readonly value: T } | { readonly problem: string };

export interface RotatingFilesOptions<T> {
  readonly paths: readonly string[];
  /** As the log calls what they hold: `the client's key`. */
  readonly what: string;
  readonly read: () => ReadFiles<T>;
  readonly log: Log;
  /** Of the mounted server. */
  readonly name: string;
}

/** Something kept in files that are looked at whenever it is needed, so that it can be replaced without a restart. Files
 * that cannot be used change nothing: what was read before stays, which is said once for each state they are in.
 */
export class RotatingFiles<T> {
  readonly #options: RotatingFilesOptions<T>;
  #seen: string;
  #value: T;

  /** @throws UsherError config_invalid when the files cannot be used */
  constructor(options: RotatingFilesOptions<T>) {
    this.#options = options;
    this.#seen = findFingerprintNow(options.paths);
    const read = options.read();
    if ('problem' in read)
      throw fail('config_invalid', {
        report: `Cannot use ${options.what}: ${options.paths.join(', ')} ${read.problem}`,
      });
    this.#value = read.value;
  }

  /** What was last read and could be used. */
  get value(): T {
    return this.#value;
  }

  /** The same, after a look at the files. */
  async refresh(): Promise<T> {
    const { paths, what, read, log, name } = this.#options;
    const now = await findFingerprint(paths);
    if (now === this.#seen) return this.#value;
    this.#seen = now;
    const files = paths.join(', ');
    const found = read();
    if ('problem' in found) {
      log.error(`Cannot use the new file of ${what}; the old one stays`, {
        server: name,
        hint: `${files} ${found.problem}`,
      });
      return this.#value;
    }
    this.#value = found.value;
    log.info(`New file of ${what} is in use`, { server: name, files });
    return this.#value;
  }
}
