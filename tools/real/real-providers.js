import { buildHelm } from './build-helm.js';
import { fetchClaudeCode, fetchCodex } from './fetch-agents.js';
import { startEngine } from './start-engine.js';
import { startKeycloak } from './start-keycloak.js';
import { startSpring } from './start-spring.js';
import { Unavailable } from './unavailable.js';

/**
 * Real identity providers, a container engine, and other large things, that test files want, by a word in the files' names, and
 * the environment name that tells them where it is. The quick ones first: one after the other, beside the tests.
 */
const providers = [
  { word: '.engine.test.', variable: 'TEST_ENGINE', start: startEngine },
  { word: '.codex.test.', variable: 'TEST_CODEX', start: fetchCodex },
  { word: '.claude-code.test.', variable: 'TEST_CLAUDE_CODE', start: fetchClaudeCode },
  { word: '.spring.test.', variable: 'TEST_SPRING', start: startSpring },
  { word: '.keycloak.test.', variable: 'TEST_KEYCLOAK', start: startKeycloak },
  { word: '.helm.test.', variable: 'TEST_HELM', start: buildHelm },
];

/** @typedef {{ url: string } | { missing: string } | { failed: string }} Found what the environment name holds, as JSON */

/** Real identity providers and container engine, started in the background while other tests run. */
export class RealProviders {
  #stop = new AbortController();
  /** @type {{ word: string, ready: Promise<void>, end: () => Promise<string | undefined> }[]} */
  #started = [];

  /**
   * Starts those that at least one of the files wants, and that nobody has started already.
   * @param {readonly string[]} files
   */
  constructor(files) {
    let before = Promise.resolve();
    for (const { word, variable, start } of providers) {
      if (process.env[variable] !== undefined || !files.some((file) => file.includes(word))) continue;
      const running = before.then(() => start(this.#stop.signal));
      const found = running.then(({ url }) => ({ url }), describeFailure);
      const ready = found.then((/** @type {Found} */ value) => void (process.env[variable] = JSON.stringify(value)));
      const end = async () => (await running.catch(() => undefined))?.stop();
      this.#started.push({ word, ready, end });
      before = ready;
    }
  }

  /**
   * Those that can run at once first, those that wait for a provider last.
   * @param {readonly string[]} files
   */
  inOrder(files) {
    /** @type {(file: string) => number} */
    const rank = (file) => this.#started.findIndex(({ word }) => file.includes(word));
    return files.toSorted((one, other) => rank(one) - rank(other));
  }

  /**
   * Resolves when the provider a file wants is there, or cannot be.
   * @param {string} file
   */
  async waitFor(file) {
    await this.#started.find(({ word }) => file.includes(word))?.ready;
  }

  /**
   * Stops all of them, also those that are still starting.
   * @returns {Promise<string[]>} of those that had ended by themselves, what there is to say
   */
  async stop() {
    this.#stop.abort();
    const said = await Promise.all(this.#started.map(({ end }) => end()));
    return said.filter((text) => text !== undefined);
  }
}

/**
 * @param {unknown} error
 * @returns {Found}
 */
function describeFailure(error) {
  if (error instanceof Unavailable) return { missing: error.message };
  return { failed: error instanceof Error ? error.message : String(error) };
}
