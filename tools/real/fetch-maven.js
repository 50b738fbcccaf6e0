import { runQuietly } from './run-quietly.js';
import { Unavailable } from './unavailable.js';

/** For one run of Maven: a machine that cannot reach its repository should not wait for ever. */
const timeoutMs = 150_000;

/**
 * Runs a goal of Maven, by the user's own settings, and refuses files whose checksums do not fit.
 *
 * @param {readonly string[]} args
 * @param {{ cwd: string, signal: AbortSignal }} options cwd: Maven leaves a folder `target` there
 * @throws {Unavailable} with Maven's own first error
 */
export async function fetchMaven(args, { cwd, signal }) {
  const plain = ['-q', '-B', '-C', '-Dstyle.color=never', ...args];
  const { ok, output } = await runQuietly('mvn', plain, { timeoutMs, signal, cwd });
  if (ok) return;
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const reason = lines.find((line) => line.includes('[ERROR]'))?.replace('[ERROR]', '') ?? lines.at(-1) ?? 'no words';
  // Its sentences name the repository they failed at, which is the machine's business.
  const said = reason.replaceAll(/\(?https?:\/\/\S+/g, '…').trim();
  throw new Unavailable(`Maven cannot fetch it: ${said.slice(0, 200)}`);
}
