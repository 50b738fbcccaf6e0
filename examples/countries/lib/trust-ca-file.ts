import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { messageOf } from './message-of.ts';

/** Trusts the certificates of a PEM file beside the usual ones, for every connection of this process.
 * Returns the problem when it cannot. */
export function trustCaFile(path: string): string | undefined {
  try {
    setDefaultCACertificates([...getCACertificates('default'), readFileSync(path, 'utf8')]);
    return undefined;
  } catch (error) {
    return `cannot trust the certificates in ${path} (${messageOf(error)})`;
  }
}
