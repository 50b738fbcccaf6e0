import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const stampName = join('node_modules', '.usher-built');

/**
 * Does dist/ hold what these sources build to?
 * @param {string} root the repository's folder
 */
export function isBuilt(root) {
  const stamp = join(root, stampName);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === stampOf(root);
}

/**
 * Compiles src/ to dist/, where there is a command line in few files. What stood there before stays until everything is
 * built, then goes as a whole.
 *
 * @param {string} root the repository's folder
 * @param {string} node the program to run the compiler with
 * @throws {Error} with what the compiler said
 */
export function build(root, node) {
  const sourcesBefore = hashSources(root);
  const fresh = join(root, '.usher', `dist-${process.pid}`);
  const [compiled, old] = [`${fresh}-compiled`, `${fresh}-old`];
  mkdirSync(join(root, '.usher'), { recursive: true });
  try {
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const args = [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', compiled];
    const { status, stdout, stderr } = spawnSync(node, args, { cwd: root, encoding: 'utf8' });
    if (status !== 0) {
      throw new Error(`Cannot build: the compiler refuses the sources.\n${stdout}${stderr}`.trim());
    }
    const entry = join(compiled, 'cli/main.js');
    if (existsSync(entry)) bundle(root, node, { entry, folder: join(fresh, 'cli') });
    else renameSync(compiled, fresh);
    const dist = join(root, 'dist');
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(fresh, dist);
  } finally {
    for (const left of [fresh, compiled, old]) rmSync(left, { recursive: true, force: true });
  }
  // Sources that changed meanwhile are built next time.
  writeFileSync(join(root, stampName), `${sourcesBefore} ${hashListing(join(root, 'dist'))}`);
}

/**
 * @param {string} root
 * @param {string} node
 * @param {{ entry: string, folder: string }} files
 */
function bundle(root, node, { entry, folder }) {
  const args = [join(root, 'tools/bundle.js'), entry, folder];
  const { status, stdout, stderr } = spawnSync(node, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`Cannot build: the files cannot be put together.\n${stdout}${stderr}`.trim());
}

/** @param {string} root */
function stampOf(root) {
  return `${hashSources(root)} ${hashListing(join(root, 'dist'))}`;
}

/** @param {string} root */
function hashSources(root) {
  const hash = createHash('sha256');
  const sources = listFiles(join(root, 'src')).filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'));
  const settings = ['tsconfig.json', 'tsconfig.build.json', 'tools/bundle.js'].map((name) => join(root, name));
  for (const path of [...settings.filter(existsSync), ...sources])
    hash.update(path.slice(root.length)).update(readFileSync(path));
  return hash.digest('hex');
}

/** @param {string} folder */
function hashListing(folder) {
  const hash = createHash('sha256');
  for (const path of listFiles(folder)) hash.update(`${path.slice(folder.length)} ${statSync(path).size}\n`);
  return hash.digest('hex');
}

/**
 * @param {string} folder
 * @returns {string[]} all files below, sorted; none when the folder is absent
 */
export function listFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
