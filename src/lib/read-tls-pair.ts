import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { describe } from './describe-error.ts';
import { findFingerprintNow } from './file-fingerprint.ts';

/** Where a listener's certificate and its private key are. */
export interface TlsFiles {
  /** PEM: the certificate, then those between it and the authority clients trust. */
  readonly certFile: string;
  readonly keyFile: string;
}

/** A certificate and the private key it was made for, both PEM. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
  readonly subject: string;
  readonly validTo: Date;
  /** How the files were just before they were read ({@link findFingerprintNow}): what changed since can be told. */
  readonly seen: string;
}

/** What is wrong with one of the two files, as the end of a sentence about it: `cannot be read: …`. */
export interface TlsProblem {
  readonly field: keyof TlsFiles;
  readonly what: string;
}

/** Reads certificate and key, and sees to it that a listener could use them: whole, and made for one another. Nothing of
 * the key is ever quoted.
 */
export function readTlsPair(
  files: TlsFiles,
): { readonly pair: TlsPair } | { readonly problems: readonly TlsProblem[] } {
  const seen = findFingerprintNow([files.certFile, files.keyFile]);
  const problems: TlsProblem[] = [];
  const attempt = <T>(field: keyof TlsFiles, work: () => T, what: (error: unknown) => string): T | undefined => {
    try {
      return work();
    } catch (error) {
      problems.push({ field, what: what(error) });
      return undefined;
    }
  };
  const read = (field: keyof TlsFiles) =>
    attempt(
      field,
      () => readFileSync(files[field], 'utf8'),
      (error) => `cannot be read: ${describe(error)}`,
    );
  const [cert, key] = [read('certFile'), read('keyFile')];
  const certificate =
    cert === undefined
      ? undefined
      : attempt(
          'certFile',
          () => new X509Certificate(cert),
          () => 'is no certificate; expected PEM text with BEGIN CERTIFICATE',
        );
  const privateKey =
    key === undefined ? undefined : attempt('keyFile', () => createPrivateKey(key), describeKeyProblem);
  if (cert === undefined || key === undefined || certificate === undefined || privateKey === undefined)
    return { problems };
  attempt(
    'keyFile',
    () => checkMatch(certificate, privateKey),
    () => 'is not the private key of the certificate',
  );
  if (problems.length === 0)
    attempt(
      'certFile',
      () => createSecureContext({ cert, key }),
      (error) => `cannot be used: ${describe(error)}`,
    );
  if (problems.length > 0) return { problems };
  return {
    pair: { cert, key, subject: certificate.subject.replaceAll('\n', ', '), validTo: certificate.validToDate, seen },
  };
}

function checkMatch(certificate: X509Certificate, privateKey: KeyObject): void {
  if (!certificate.checkPrivateKey(privateKey)) throw new TypeError('no match');
}

function describeKeyProblem(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ERR_MISSING_PASSPHRASE' || code === 'ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED'
    ? 'is encrypted; expected a private key without a passphrase'
    : 'is no private key; expected PEM text with BEGIN PRIVATE KEY';
}
