import { createHash } from 'node:crypto';
import { cpSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../root.js';
import { keepFolder } from './keep-folder.js';
import { runQuietly } from './run-quietly.js';
import { Unavailable } from './unavailable.js';

/** Half a gigabyte, once, on a slow line. */
const timeoutMs = 600_000;

/** @typedef {{ url: string, stop: () => Promise<undefined> }} Fetched url: the path of the program */

/**
 * Codex (developers.openai.com/codex), from npm.
 *
 * @param {AbortSignal} signal
 * @returns {Promise<Fetched>}
 * @throws {Unavailable} where it cannot be fetched, or is not made for this machine
 */
export function fetchCodex(signal) {
  return fetchAgent('codex', 'node_modules/@openai/codex-*/vendor/*/bin/codex{,.exe}', signal);
}

/**
 * Claude Code (code.claude.com), from npm, by its own terms.
 *
 * @param {AbortSignal} signal
 * @returns {Promise<Fetched>}
 * @throws {Unavailable} where it cannot be fetched, or is not made for this machine
 */
export function fetchClaudeCode(signal) {
  return fetchAgent('claude-code', 'node_modules/@anthropic-ai/claude-code-*/claude{,.exe}', signal);
}

/**
 * @param {string} name of its folder in test/clients, with package.json and lockfile
 * @param {string} program where its program is when it is installed; its packages have one for each platform
 * @param {AbortSignal} signal
 * @returns {Promise<Fetched>}
 */
async function fetchAgent(name, program, signal) {
  const source = join(root, 'test/clients', name);
  const lock = createHash('sha256')
    .update(readFileSync(join(source, 'package-lock.json')))
    .digest('hex');
  const kept = `${name}-${process.platform}-${process.arch}-${lock.slice(0, 12)}`;
  const folder = await keepFolder(kept, async (partial) => {
    for (const file of ['package.json', 'package-lock.json']) cpSync(join(source, file), join(partial, file));
    const install = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
    const { ok, output } = await runQuietly('npm', install, { timeoutMs, signal, cwd: partial });
    // Its sentences name the registry they failed at, which is the machine's business.
    if (!ok)
      throw new Unavailable(`npm cannot fetch ${name}: ${output.slice(-200).replaceAll(/https?:\/\/\S+/g, '…')}`);
  });
  const [found] = globSync(program, { cwd: folder });
  if (found === undefined) throw new Unavailable(`${name} has no program for ${process.platform} on ${process.arch}`);
  return { url: join(folder, found), stop: async () => undefined };
}
