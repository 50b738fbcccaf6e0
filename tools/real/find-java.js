import { isOnPath } from './is-on-path.js';
import { runQuietly } from './run-quietly.js';
import { Unavailable } from './unavailable.js';

/** What Keycloak 26 and Spring Boot 3 need. */
const neededMajor = 17;

/**
 * The programs the real identity providers need.
 *
 * @param {readonly string[]} names beside `java`
 * @param {string} [path] of folders; PATH when absent
 * @returns {Promise<string>} `java`
 * @throws {Unavailable} naming what is missing
 */
export async function findJava(names, path = process.env['PATH'] ?? '') {
  const missing = ['java', ...names].find((name) => !isOnPath(name, path));
  if (missing !== undefined) throw new Unavailable(`no ${missing} on PATH`);
  const { output } = await runQuietly('java', ['-version'], { timeoutMs: 30_000 });
  const major = Number(/version "(?:1\.)?(\d+)/.exec(output)?.[1] ?? 0);
  if (major < neededMajor) throw new Unavailable(`java on PATH is version ${major}, ${neededMajor} or newer is needed`);
  return 'java';
}
