// `node tools/image-files.js FOLDER`: what a container image of Usher holds beside Node.js, as the Dockerfile copies it. Needs the packages
// and the build (`npm run build`).
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './root.js';

/** What is published (package.json, files), its licence, and who it is. */
const own = ['bin', 'dist', 'package.json', 'CHANGELOG.md', 'LICENSE'];

/**
 * @typedef {object} LockedPackage
 * @property {Readonly<Record<string, string>>} [dependencies]
 * @property {Readonly<Record<string, string>>} [optionalDependencies]
 * @property {Readonly<Record<string, string>>} [peerDependencies]
 */

/**
 * The folders of the packages that run with Usher: its dependencies, theirs, and so on; none that only its tests, its build or
 * the example need. npm leaves those of the workspaces in place, whatever it is asked to omit.
 *
 * @param {Readonly<Record<string, LockedPackage>>} packages of package-lock.json (npm, package-lock.json, packages)
 * @returns {string[]} such as `node_modules/zod`, sorted
 * @throws {Error} when one is locked nowhere
 */
export function findProductionPackages(packages) {
  /** @type {Set<string>} */
  const found = new Set();
  /** @type {(path: string, names: readonly string[], mayLack: (name: string) => boolean) => void} */
  const take = (path, names, mayLack) => {
    for (const name of names) {
      const at = findFrom(packages, path, name);
      if (at === undefined && !mayLack(name))
        throw new Error(`package-lock.json has no ${name}, which ${path || 'Usher'} needs`);
      if (at === undefined || found.has(at)) continue;
      found.add(at);
      const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = packages[at] ?? {};
      take(
        at,
        Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }),
        (one) => !(one in dependencies),
      );
    }
  };
  take('', Object.keys(packages['']?.dependencies ?? {}), () => false);
  return [...found].toSorted();
}

/**
 * As Node.js looks for a package: beside whoever asks, then further up.
 *
 * @param {Readonly<Record<string, LockedPackage>>} packages
 * @param {string} path of who asks
 * @param {string} name
 */
function findFrom(packages, path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const at = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (at in packages) return at;
    if (folder === '' || !folder.includes('/node_modules/')) {
      const top = `node_modules/${name}`;
      return top in packages ? top : undefined;
    }
  }
}

/**
 * Lays the files out: Usher in `opt/usher`, the command in `usr/local/bin`. Everybody may read them, nobody but their owner change them.
 *
 * @param {string} folder is made, and must not be there
 */
export function writeImageFiles(folder) {
  if (existsSync(folder)) throw new Error(`${folder} is there already; give a folder that is to be made`);
  const home = join(folder, 'opt/usher');
  for (const name of own) copy(join(root, name), join(home, name));
  /** @type {{ packages: Record<string, LockedPackage> }} */
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  for (const path of findProductionPackages(packages)) {
    // What is optional may be for another platform.
    if (existsSync(join(root, path))) copy(join(root, path), join(home, path));
  }
  mkdirSync(join(folder, 'usr/local/bin'), { recursive: true });
  symlinkSync('/opt/usher/bin/usher.js', join(folder, 'usr/local/bin/usher'));
  setModes(folder);
}

/**
 * Packages within a package are taken by themselves.
 *
 * @param {string} from
 * @param {string} to
 */
function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  const nested = join(from, 'node_modules');
  cpSync(from, to, { recursive: true, dereference: true, filter: (path) => path !== nested });
}

/** @param {string} path */
function setModes(path) {
  const found = lstatSync(path);
  if (found.isSymbolicLink()) return;
  if (!found.isDirectory()) return chmodSync(path, (found.mode & 0o111) === 0 ? 0o644 : 0o755);
  chmodSync(path, 0o755);
  for (const name of readdirSync(path)) setModes(join(path, name));
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [, , folder] = process.argv;
  if (folder === undefined) throw new Error('Give the folder to write to: node tools/image-files.js FOLDER');
  writeImageFiles(resolve(folder));
}
