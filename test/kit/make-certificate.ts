import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issueAuthority, issueLeaf, type CertificateAndKey } from '../../src/idp/tls/issue-certificates.ts';

/** An authority of a test, and listeners' certificates of it. */
export interface TestAuthority {
  /** What clients have to trust, PEM. */
  readonly ca: string;
  /** A new certificate for localhost and the loopback addresses. */
  issue(): Promise<CertificateAndKey>;
}

export async function makeAuthority(): Promise<TestAuthority> {
  const authority = await issueAuthority(Date.now());
  return { ca: authority.certificate, issue: () => issueLeaf(authority, Date.now()) };
}

/** Writes a pair as a listener takes it. */
export function writePair(folder: string, { certificate, key }: CertificateAndKey) {
  const files = { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') };
  writeFileSync(files.certFile, certificate);
  writeFileSync(files.keyFile, key, { mode: 0o600 });
  return files;
}
