import { spawnSync } from 'node:child_process';

/** Sends one DELETE after the other; for a process that waits for nothing any more. */
const program = `
const { request } = require('node:http');
const [socketPath, ...paths] = process.argv.slice(1);
(function next() {
  const path = paths.shift();
  if (path === undefined) return;
  request({ socketPath, method: 'DELETE', path, agent: false }, (answer) => answer.resume().once('end', next)).once('error', () => {}).end();
})();
`;
const timeoutMs = 5_000;

/** Removes what was made at an engine when this process ends without having stopped it: told twice to stop, or failed in a
 * way nobody foresaw. An exit waits for no promises, so another process does it. Returns what calls that off.
 */
export function removeAtExit(socketPath: string, paths: readonly string[]): () => void {
  const remove = (): void => {
    spawnSync(process.execPath, ['-e', program, socketPath, ...paths], {
      stdio: 'ignore',
      timeout: timeoutMs,
      env: {},
    });
  };
  process.once('exit', remove);
  return () => process.off('exit', remove);
}
