import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What Usher needs; package.json says the same in `engines`. */
const neededMajor = 24;

/**
 * The Node.js that runs everything but the set-up itself: the one pinned for this platform in tools/runtime, or this
 * process' own when there is no pin and it is new enough. Tries the pinned one: a build for another C library is
 * installed where it cannot run.
 *
 * @param {string} root the repository's folder
 * @returns {string} path of the program
 * @throws {Error} saying which Node.js to install
 */
export function findPinnedNode(root) {
  const pinned = findPin(root);
  if (pinned !== undefined && canRun(pinned)) return pinned;
  if (Number.parseInt(process.versions.node, 10) >= neededMajor) return process.execPath;
  const reason =
    pinned === undefined
      ? `none is pinned for ${process.platform}-${process.arch}`
      : `the pinned one cannot run here (${pinned})`;
  throw new Error(
    `Cannot find a Node.js to run Usher: ${reason}, and this one is ${process.versions.node}. ` +
      `Install Node.js ${neededMajor} or newer and try again.`,
  );
}

/**
 * @param {string} root
 * @returns {string | undefined} the installed program of the pin for this platform
 */
export function findPin(root) {
  /** @type {{ optionalDependencies: Record<string, string> }} */
  const runtime = JSON.parse(readFileSync(join(root, 'tools/runtime/package.json'), 'utf8'));
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const program = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node';
  return Object.keys(runtime.optionalDependencies)
    .filter((name) => name.endsWith(`-${platform}-${process.arch}`))
    .map((name) => join(root, 'node_modules', name, program))
    .find((path) => existsSync(path));
}

/** @param {string} path */
function canRun(path) {
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return status === 0 && Number.parseInt(stdout.slice(1), 10) >= neededMajor;
}
