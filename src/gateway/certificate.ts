import type { Server as TlsServer } from 'node:https';
import { findFingerprint } from '../lib/file-fingerprint.ts';
import { readTlsPair, type TlsFiles, type TlsPair, type TlsProblem } from '../lib/read-tls-pair.ts';
import type { Log } from '../model/log.ts';
import { fail } from '../model/usher-error.ts';
import { tlsOptions } from './build-listener.ts';

/** How often the files are looked at. A change counts once it has stood still this long: two files are not written at once. */
const usualPollMs = 2_000;

/** Reads the pair a listener needs.
 * @throws UsherError config_invalid
 */
export function readCertificate(files: TlsFiles): TlsPair {
  const read = readTlsPair(files);
  if ('pair' in read) return read.pair;
  const lines = read.problems.map((problem) => `  ${tellProblem(files, problem)}`);
  throw fail('config_invalid', { report: ['Cannot use the certificate:', ...lines].join('\n') });
}

function tellProblem(files: TlsFiles, { field, what }: TlsProblem): string {
  return `listen.tls.${field} is ${files[field]}, which ${what}`;
}

export interface CertificateDeps {
  readonly server: TlsServer;
  readonly log: Log;
  readonly pollMs?: number | undefined;
}

/** The certificate of a listener, kept as its files are: new connections get the new one, running ones keep theirs. A new
 * file that cannot be used is refused, which is said once, and the old one stays.
 */
export class Certificate implements Disposable {
  readonly #deps: CertificateDeps;
  readonly #timer: NodeJS.Timeout;
  #files: TlsFiles;
  #pair: TlsPair;
  /** How the files were when they were last read. */
  #seen: string;
  /** How they are now, as long as that is not read. */
  #changed: string | undefined;

  constructor(files: TlsFiles, pair: TlsPair, deps: CertificateDeps) {
    this.#deps = deps;
    this.#files = files;
    this.#pair = pair;
    this.#warnIfOver();
    // Not as they are now: what changed since they were read would never be taken.
    this.#seen = pair.seen;
    this.#timer = setInterval(() => void this.#look(), deps.pollMs ?? usualPollMs).unref();
  }

  /** Listens with this pair from the next connection on. */
  use(files: TlsFiles, pair: TlsPair): void {
    const isNew = pair.cert !== this.#pair.cert || pair.key !== this.#pair.key;
    this.#files = files;
    this.#pair = pair;
    this.#seen = pair.seen;
    if (!isNew) return;
    this.#deps.server.setSecureContext(tlsOptions(pair));
    this.#deps.log.info(`New connections get the new certificate: ${pair.subject}`, {
      validTo: pair.validTo.toISOString(),
    });
    this.#warnIfOver();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const files = this.#files;
    const now = await findFingerprint(pathsOf(files));
    if (files !== this.#files) return;
    const mayStillChange = now !== this.#changed;
    this.#changed = now;
    if (now === this.#seen || mayStillChange) return;
    this.#seen = now;
    const read = readTlsPair(files);
    if ('pair' in read) return this.use(files, read.pair);
    this.#deps.log.error('Cannot use the new certificate; the old one stays', {
      hint: read.problems.map((problem) => tellProblem(files, problem)).join('; '),
    });
  }

  #warnIfOver(): void {
    if (this.#pair.validTo.getTime() > Date.now()) return;
    this.#deps.log.warn(`The certificate of the listener is over: ${this.#pair.subject}`, {
      validTo: this.#pair.validTo.toISOString(),
      hint: `Clients refuse it. Put a new one at ${this.#files.certFile}; no restart is needed.`,
    });
  }
}

function pathsOf({ certFile, keyFile }: TlsFiles): readonly string[] {
  return [certFile, keyFile];
}
