import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * @typedef {object} RunningJava
 * @property {string} url where it answers
 * @property {() => Promise<string | undefined>} stop says how it ended where it had ended by itself
 */

/**
 * Starts a Java program and waits until it is ready. It is one process, in our process group.
 *
 * @param {string} name
 * @param {readonly string[]} args
 * @param {object} options
 * @param {(output: string) => Promise<string | undefined>} options.findUrl asked again and again until it has an answer
 * @param {Readonly<Record<string, string>>} [options.env]
 * @param {AbortSignal} options.signal
 * @param {number} options.timeoutMs
 * @returns {Promise<RunningJava>}
 * @throws {Error} with the end of what it printed, when it ends or is not ready in time; it does not run then
 */
export async function startJava(name, args, { findUrl, env = {}, signal, timeoutMs }) {
  const child = spawn('java', args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let output = '';
  // The end is enough: it is for the message when it does not start.
  const keep = (/** @type {string} */ text) => void (output = (output + text).slice(-4000));
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', keep);
  const ended = new Promise((resolve) => child.once('close', resolve).once('error', resolve));
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  // Nothing is worth keeping: everything is in memory.
  const kill = () => void child.kill('SIGKILL');
  process.on('exit', kill);
  const stop = async () => {
    process.off('exit', kill);
    const how = `${child.signalCode ?? `exit code ${child.exitCode}`}; it printed:\n${output}`;
    const before = hasEnded() ? `${name} ended by itself with ${how}` : undefined;
    kill();
    await ended;
    return before;
  };
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const url = await findUrl(output);
    if (url !== undefined) return { url, stop };
    const why = signal.aborted ? 'was stopped' : hasEnded() ? 'ended' : 'was not ready in time';
    if (signal.aborted || hasEnded() || performance.now() > deadline) {
      await stop();
      throw new Error(`${name} ${why}; it printed:\n${output}`);
    }
    await delay(200);
  }
}
