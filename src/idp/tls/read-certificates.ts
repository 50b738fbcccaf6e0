import { createPrivateKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { findFile, findSecretFile, writeFile } from '../state/state-files.ts';
import type { CertificateAndKey } from './issue-certificates.ts';

/** What the TLS side needs. */
export interface ServerCertificate extends CertificateAndKey {
  /** PEM file of the authority, for those who are to trust it. */
  readonly caFile: string;
}

const renewBeforeMs = 30 * 24 * 60 * 60 * 1000;

/** The TLS side's certificate out of the state folder. The authority is made once; the certificate anew when it is
 * missing, near its end or of another authority.
 */
export async function readCertificates(stateDir: string, now: Clock): Promise<ServerCertificate> {
  const caFile = join(stateDir, 'ca.pem');
  const leafFile = join(stateDir, 'tls.pem');
  let authority = await findPair(caFile, join(stateDir, 'ca-key.pem'), now());
  // The library that makes certificates is loaded only when there is one to make.
  if (authority === undefined) {
    const { issueAuthority } = await import('./issue-certificates.ts');
    authority = await issueAuthority(now());
    await writeFile(join(stateDir, 'ca-key.pem'), authority.key);
    await writeFile(caFile, authority.certificate);
  }
  let leaf = await findPair(leafFile, join(stateDir, 'tls-key.pem'), now());
  if (leaf === undefined || !isSignedBy(leaf, authority)) {
    const { issueLeaf } = await import('./issue-certificates.ts');
    leaf = await issueLeaf(authority, now());
    await writeFile(join(stateDir, 'tls-key.pem'), leaf.key);
    await writeFile(leafFile, leaf.certificate);
  }
  return { ...leaf, caFile };
}

/** A certificate and its key, unless one is missing, they do not belong together or the end is near. */
async function findPair(file: string, keyFile: string, nowMs: number): Promise<CertificateAndKey | undefined> {
  const [certificate, key] = await Promise.all([findFile(file), findSecretFile(keyFile)]);
  if (certificate === undefined || key === undefined) return undefined;
  try {
    const parsed = new X509Certificate(certificate);
    const endsMs = Date.parse(parsed.validTo);
    return endsMs - nowMs > renewBeforeMs && parsed.checkPrivateKey(createPrivateKey(key))
      ? { certificate, key }
      : undefined;
  } catch {
    // A file that was cut off or edited: replaced like one that is not there.
    return undefined;
  }
}

function isSignedBy(leaf: CertificateAndKey, authority: CertificateAndKey): boolean {
  return new X509Certificate(leaf.certificate).verify(new X509Certificate(authority.certificate).publicKey);
}
