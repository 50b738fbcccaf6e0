import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** One instruction of a Dockerfile, its lines put together. */
export interface Instruction {
  /** Upper case. */
  readonly word: string;
  readonly rest: string;
}

/** The instructions of the repository's Dockerfile, without comments. */
export function readDockerfile(): readonly Instruction[] {
  return readFileSync(join(root, 'Dockerfile'), 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, word = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
      return { word: word.toUpperCase(), rest };
    });
}

/** The instructions of its last stage, that of the image itself; without FROM. */
export function lastStage(): readonly Instruction[] {
  const all = readDockerfile();
  return all.slice(all.findLastIndex(({ word }) => word === 'FROM') + 1);
}

/** A folder to build the image from where no base image can be had: the Dockerfile's last stage, on top of another image that has
 * Node.js and nothing else; with the files that the stage before makes, made by the same program.
 */
export function prepareImage(base: string): { readonly folder: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'usher-image-'));
  execFileSync(process.execPath, [join(root, 'tools/image-files.js'), join(folder, 'out')], { stdio: 'pipe' });
  // Official images of Node.js have it; an image of nothing but Node.js has not.
  copyFileSync('/usr/bin/env', join(folder, 'env'));
  const own = lastStage().map(({ word, rest }) => (rest === '--from=build /out /' ? 'COPY out /' : `${word} ${rest}`));
  const lines = [`FROM ${base}`, 'ENV PATH=/usr/local/bin:/usr/bin', 'USER 0', 'COPY env /usr/bin/env', ...own];
  writeFileSync(join(folder, 'Dockerfile'), lines.join('\n'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
