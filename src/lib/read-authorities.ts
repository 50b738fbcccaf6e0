import { readFileSync } from 'node:fs';
import { getCACertificates } from 'node:tls';

/** The certificate authorities to trust, PEM: the system's and those of a file; undefined, which is Node's own list, without one.
 * @throws Error of the file system
 */
export function readAuthorities(caFile: string | undefined): readonly string[] | undefined {
  return caFile === undefined ? undefined : [...getCACertificates('default'), readFileSync(caFile, 'utf8')];
}
