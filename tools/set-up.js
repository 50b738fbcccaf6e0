import { join } from 'node:path';
import { build, isBuilt } from './build.js';
import { installPackages, isInstalled } from './install.js';
import { withLock } from './lock.js';
import { findPinnedNode } from './pinned-node.js';
import { root as repository } from './root.js';

/** @typedef {import('./lock.js').Hold} Hold */
/** @typedef {{ label: string, isDone: () => boolean, run: (hold: Hold) => Promise<void> | void }} Step */

/**
 * Makes a clone ready to run: packages as locked, the pinned Node.js, the build. Does only what is missing, touches the
 * network only to install, and waits when somebody else is doing the same.
 *
 * @param {object} options
 * @param {boolean} options.tests also install the clients the tests run against (test/clients)
 * @param {boolean} [options.built] false when dist/ is not needed
 * @param {string} [options.root] the repository's folder
 * @param {{ write(text: string): unknown }} [options.progress] where progress is told; stderr when absent
 * @returns {Promise<string>} path of the Node.js to run everything else with
 * @throws {Error} saying what failed and what to do
 */
export async function ensureReady({ tests, built = true, root = repository, progress = process.stderr }) {
  const steps = stepsFor(root, { tests, built });
  if (steps.some((step) => !step.isDone())) {
    await withLock(
      join(root, '.usher', 'set-up.lock'),
      (hold) => runSteps(steps, hold, progress),
      (owner) => progress.write(`Waiting for another set-up (process ${owner}) to finish …\n`),
    );
  }
  return findPinnedNode(root);
}

/**
 * @param {string} root
 * @param {{ tests: boolean, built: boolean }} wanted
 * @returns {Step[]}
 */
function stepsFor(root, { tests, built }) {
  /** @type {(label: string, folder: string) => Step} */
  const install = (label, folder) => ({
    label,
    isDone: () => isInstalled(folder),
    run: (hold) => installPackages(folder, hold),
  });
  return [
    install('Installing packages (first time: about 20 s)', root),
    ...(tests ? [install('Installing the clients for the tests (about 20 s)', join(root, 'test/clients'))] : []),
    ...(built
      ? [{ label: 'Building', isDone: () => isBuilt(root), run: () => build(root, findPinnedNode(root)) }]
      : []),
  ];
}

/**
 * @param {Step[]} steps
 * @param {Hold} hold
 * @param {{ write(text: string): unknown }} progress
 */
async function runSteps(steps, hold, progress) {
  // Looked at again under the lock: whoever had it may have done them.
  const open = steps.filter((step) => !step.isDone());
  for (const [index, step] of open.entries()) {
    progress.write(`[${index + 1}/${open.length}] ${step.label} … `);
    const startedAt = performance.now();
    try {
      await step.run(hold);
    } catch (error) {
      progress.write('failed\n');
      throw error;
    }
    progress.write(`done in ${seconds(performance.now() - startedAt)}\n`);
  }
}

/** @param {number} ms */
function seconds(ms) {
  return ms < 9_950 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}
