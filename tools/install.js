import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** @typedef {import('./lock.js').Hold} Hold */

/**
 * Are the packages of a folder installed as its lockfile says, for this platform? True only after an install that ran
 * to its end: ours leaves a stamp, and of one made by hand npm leaves its own list, written last.
 *
 * @param {string} folder with package-lock.json
 */
export function isInstalled(folder) {
  const lockfile = readFileSync(join(folder, 'package-lock.json'), 'utf8');
  return readText(stampPath(folder)) === stampOf(lockfile) || npmSaysInstalled(folder, lockfile);
}

/**
 * Installs the packages of a folder exactly as its lockfile says. No package's own script is run.
 *
 * @param {string} folder with package-lock.json
 * @param {Hold} [hold] the lock this happens under
 * @throws {Error} with what npm said and what to do
 */
export async function installPackages(folder, hold) {
  rmSync(stampPath(folder), { force: true });
  const { status, output, stopped } = await runNpm(
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'],
    {
      cwd: folder,
      hold,
    },
  );
  if (stopped) throw new Error('Stopped while packages were being installed; the next start installs them anew.');
  if (status !== 0) {
    throw new Error(
      `Cannot install the packages of ${folder}: npm ci ended with ${status}.\n${output.trim()}\n` +
        'Check that the package registry can be reached (npm ping), that npm can write to its cache ' +
        '(npm config get cache), and that the disk has 600 MB left; then start again.',
    );
  }
  mkdirSync(join(folder, 'node_modules'), { recursive: true }); // npm makes none when there is nothing to install
  const written = `${stampPath(folder)}.${process.pid}`;
  writeFileSync(written, stampOf(readFileSync(join(folder, 'package-lock.json'), 'utf8')));
  renameSync(written, stampPath(folder));
}

/** @param {string} folder */
function stampPath(folder) {
  return join(folder, 'node_modules', '.usher-installed');
}

/** @param {string} lockfile its content */
export function stampOf(lockfile) {
  return createHash('sha256').update(`${process.platform}-${process.arch}\n${lockfile}`).digest('hex');
}

/**
 * npm's own list of what it installed, against the lockfile. Packages for other platforms are optional and absent.
 * @param {string} folder
 * @param {string} lockfile
 */
function npmSaysInstalled(folder, lockfile) {
  const list = readText(join(folder, 'node_modules', '.package-lock.json'));
  if (list === undefined) return false;
  const installed = packagesOf(list);
  return Object.entries(packagesOf(lockfile)).every(([path, wanted]) => {
    if (!path.includes('node_modules/')) return true;
    const found = installed[path];
    if (found === undefined) return wanted.optional === true && !isForThisPlatform(wanted);
    return (found.integrity === wanted.integrity && existsSync(join(folder, path))) || wanted.link === true;
  });
}

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {string} [license]
 * @property {boolean} [optional]
 * @property {boolean} [link]
 * @property {boolean} [dev]
 * @property {boolean} [hasInstallScript]
 * @property {string} [resolved]
 * @property {string | string[]} [os]
 * @property {string | string[]} [cpu]
 * @property {string | string[]} [libc]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [devDependencies]
 * @property {Record<string, string>} [optionalDependencies]
 * @property {Record<string, string>} [peerDependencies]
 */

/**
 * @param {string} lockfile content of a package-lock.json, version 3
 * @returns {Record<string, LockedPackage>} by path
 */
export function packagesOf(lockfile) {
  return JSON.parse(lockfile).packages;
}

/** @param {LockedPackage} locked */
function isForThisPlatform(locked) {
  const { os, cpu, libc } = locked;
  // Which C library this machine has is npm's to find out; a package that names one may rightly be absent.
  return (
    libc === undefined &&
    (os === undefined || [os].flat().includes(process.platform)) &&
    (cpu === undefined || [cpu].flat().includes(process.arch)) &&
    (os !== undefined || cpu !== undefined)
  );
}

/**
 * Runs npm quietly.
 *
 * @param {readonly string[]} args
 * @param {{ cwd: string, hold?: Hold | undefined }} options
 * @returns {Promise<{ status: number | string, output: string, stopped: boolean }>} output: stdout and stderr, mixed;
 *   stopped: a signal to this process ended it
 */
export async function runNpm(args, { cwd, hold }) {
  const { command, prefix, env } = findNpm();
  const child = spawn(command, [...prefix, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  hold?.add(child.pid);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  let stopped = false;
  const stop = () => {
    stopped = true;
    child.kill('SIGTERM');
  };
  process.once('SIGINT', stop).once('SIGTERM', stop).once('SIGHUP', stop);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (cause) =>
        reject(new Error(`Cannot run npm (${command}): install npm 10 or newer`, { cause })),
      );
      child.once('close', (code, signal) => resolve({ status: code ?? `signal ${signal}`, output, stopped }));
    });
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop).off('SIGHUP', stop);
  }
}

/** The npm that runs us, else the one on PATH; never under the Node.js it is about to replace. */
function findNpm() {
  /** @type {NodeJS.ProcessEnv} */
  const env = {};
  for (const [name, value] of Object.entries(process.env)) {
    // What `npm start` tells its scripts about this package would be taken for settings of the install.
    if (
      !/^npm_(package|lifecycle|command)|^npm_config_(local_prefix|workspaces?|include_workspace_root)$/i.test(name)
    ) {
      env[name] = value;
    }
  }
  const path = process.env['PATH'] ?? '';
  const ownBin = join('node_modules', '.bin');
  env['PATH'] = path
    .split(delimiter)
    .filter((folder) => !folder.endsWith(ownBin))
    .join(delimiter);
  const { npm_execpath: script, npm_node_execpath: node } = process.env;
  if (script?.endsWith('.js') && node !== undefined) return { command: node, prefix: [script], env };
  return { command: 'npm', prefix: [], env };
}

/** @param {string} path */
function readText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
