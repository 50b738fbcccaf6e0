import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';

/** What changes whenever one of the files does. Follows symbolic links: mounted secrets are exchanged by turning one. A file that
 * cannot be looked at is like one that is gone: whoever reads it then learns why.
 */
export async function findFingerprint(paths: readonly string[]): Promise<string> {
  const parts = paths.map((path) => stat(path).then(describeFile, () => 'gone'));
  return (await Promise.all(parts)).join(' ');
}

/** The same, without waiting. */
export function findFingerprintNow(paths: readonly string[]): string {
  return paths.map(describeNow).join(' ');
}

function describeNow(path: string): string {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? 'gone' : describeFile(found);
  } catch {
    return 'gone';
  }
}

interface FileState {
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

function describeFile({ ino, size, mtimeMs, ctimeMs }: FileState): string {
  return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}
