import { spawnSync } from 'node:child_process';

/** Something that was made at an engine. */
interface Made {
  readonly socketPath: string;
  /** As the engine takes it. */
  readonly path: string;
}

/** Sends the DELETEs; for a process that waits for nothing any more. A network goes when nothing is in it: containers first, all at
 * once.
 */
const program = `
const { request } = require('node:http');
const made = JSON.parse(process.argv[1]);
const remove = ({ socketPath, path }) => new Promise((resolve) => {
  request({ socketPath, method: 'DELETE', path, agent: false }, (answer) => answer.resume().once('close', resolve)).once('error', resolve).end();
});
const isContainer = ({ path }) => path.includes('/containers/');
Promise.all(made.filter(isContainer).map(remove)).then(() => Promise.all(made.filter((one) => !isContainer(one)).map(remove)));
`;
const timeoutMs = 5_000;
const all = new Set<Made>();

/** Removes what was made at an engine when this process ends without having stopped it: told twice to stop, or failed in a
 * way nobody foresaw. An exit waits for no promises, so another process does it. Returns what calls that off.
 */
export function removeAtExit(socketPath: string, path: string): () => void {
  const made = { socketPath, path };
  if (all.size === 0) process.on('exit', removeAll);
  all.add(made);
  return () => {
    all.delete(made);
    if (all.size === 0) process.off('exit', removeAll);
  };
}

function removeAll(): void {
  const options = { stdio: 'ignore', timeout: timeoutMs, env: {} } as const;
  spawnSync(process.execPath, ['-e', program, JSON.stringify([...all])], options);
}
