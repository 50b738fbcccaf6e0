import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';

/** What changes whenever one of the files does. Follows symbolic links: mounted secrets are exchanged by turning one. */
export async function findFingerprint(paths: readonly string[]): Promise<string> {
  const parts = paths.map((path) => stat(path).then(describeFile, () => 'gone'));
  return (await Promise.all(parts)).join(' ');
}

/** The same, without waiting: before the files are read for the first time. */
export function findFingerprintNow(paths: readonly string[]): string {
  return paths
    .map((path) => {
      const found = statSync(path, { throwIfNoEntry: false });
      return found === undefined ? 'gone' : describeFile(found);
    })
    .join(' ');
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
