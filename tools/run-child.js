import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** @type {readonly NodeJS.Signals[]} */
const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** One Ctrl-C can arrive twice: from the terminal and from npm, which passes it on. */
const sameSignalWithinMs = 300;

/**
 * Runs a command with our own stdin, stdout and stderr until it ends, in a process group of its own: it hears a signal
 * only from here, once, and whatever it leaves behind in its group is ended with it.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, graceMs?: number }} [options] graceMs: how long it may take to end
 *   after a signal before its whole group is killed
 * @returns {Promise<number>} its exit code; 128 + the signal's number when a signal ended it
 */
export async function runChild(command, args, options = {}) {
  const { cwd, env = process.env, graceMs = 10_000 } = options;
  const child = spawn(command, args, { cwd, env, stdio: 'inherit', detached: process.platform !== 'win32' });
  let lastSignalAt = -Infinity;
  /** @type {NodeJS.Timeout | undefined} */
  let killer;

  /** @param {NodeJS.Signals} signal */
  const passOn = (signal) => {
    const now = performance.now();
    if (now - lastSignalAt < sameSignalWithinMs) return;
    lastSignalAt = now;
    child.kill(signal);
    killer ??= setTimeout(() => endGroup(child.pid), graceMs);
  };
  for (const signal of passedOn) process.on(signal, passOn);

  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
    });
  } finally {
    clearTimeout(killer);
    for (const signal of passedOn) process.off(signal, passOn);
    endGroup(child.pid);
  }
}

/** @param {number | undefined} pid leader of the group */
function endGroup(pid) {
  if (pid === undefined || process.platform === 'win32') return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: nobody is left, as it should be.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
