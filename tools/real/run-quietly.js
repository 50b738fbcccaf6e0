import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Runs a program to its end and keeps what it prints. It stays in our process group: whoever ends the group ends it too.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ timeoutMs: number, signal?: AbortSignal, cwd?: string }} options when the time is over, it is killed
 * @returns {Promise<{ ok: boolean, output: string }>} never rejects; output says why where it could not be started
 */
export async function runQuietly(command, args, { timeoutMs, signal, cwd }) {
  const stop = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]);
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: stop,
    killSignal: 'SIGKILL',
    ...(cwd === undefined ? {} : { cwd }),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  try {
    const [code] = await once(child, 'close');
    return { ok: code === 0, output };
  } catch (error) {
    const reason = stop.aborted ? `no end within ${timeoutMs / 1000} s` : error instanceof Error ? error.message : '';
    return { ok: false, output: `${output}\n${reason}` };
  }
}
