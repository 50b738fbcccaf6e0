import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { describe } from '../lib/describe-error.ts';
import { forEachLine } from '../lib/for-each-line.ts';
import { plain } from '../lib/plain.ts';
import { signalGroup } from '../lib/signal-group.ts';
import { fail } from '../model/usher-error.ts';

/** What fetches packages may know of the environment: where registries, proxies and authorities are. The server gets
 * none of it.
 */
const inherited =
  /^(?:PATH|HOME|USERPROFILE|APPDATA|LOCALAPPDATA|SystemRoot|ComSpec|PATHEXT|LANG|LC_ALL|TZ|TMPDIR|TEMP|TMP|XDG_\w+|npm_config_\w+|UV_\w+|PIP_(?:INDEX|EXTRA_INDEX)_URL|GO(?:PROXY|PRIVATE|NOPROXY|SUMDB|NOSUMDB|NOSUMCHECK|INSECURE|FLAGS|AUTH|TOOLCHAIN|PATH|CACHE|MODCACHE|ROOT)|CGO_ENABLED|NETRC|https?_proxy|no_proxy|all_proxy|SSL_CERT_(?:FILE|DIR)|NODE_EXTRA_CA_CERTS|SSH_AUTH_SOCK)$/i;
const longestLine = 2_000;
const linesKept = 200;
const longestOutput = 1024 * 1024;
/** For what a tool does when it is told to stop. */
const killAfterMs = 5_000;

/** How a tool is run. */
export interface ToolRun {
  /** The package it is run for, in messages. */
  readonly label: string;
  /** How people get the tool. */
  readonly install: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
}

/** What a tool said, and whether it did it. */
export interface ToolResult {
  readonly isGood: boolean;
  readonly stdout: string;
  /** What it said to stderr, cleaned for a terminal; without empty lines. */
  readonly errors: readonly string[];
}

/** Runs npm, uv or go, without a shell, in a process group of its own.
 * @throws UsherError runner_missing, package_failed when it takes too long; the signal's reason
 */
export async function runTool(tool: string, run: ToolRun): Promise<ToolResult> {
  run.signal?.throwIfAborted();
  const child = spawn(tool, run.args, {
    cwd: run.folder,
    env: { ...environment(), ...run.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });
  // Where there is no room for it, it has not even streams.
  const closed = once(child, 'close');
  const said = child.pid === undefined ? { stdout: '', errors: [] } : hear(child, run.input ?? '');
  const end = (signal: NodeJS.Signals) => {
    if (child.pid !== undefined) signalGroup(child.pid, signal);
  };
  const killAtExit = () => end('SIGKILL');
  process.once('exit', killAtExit);
  const deadline = AbortSignal.timeout(run.timeoutMs);
  const stop = AbortSignal.any([deadline, ...(run.signal === undefined ? [] : [run.signal])]);
  let killing: NodeJS.Timeout | undefined;
  const onStop = () => {
    end('SIGTERM');
    killing = setTimeout(killAtExit, killAfterMs);
  };
  stop.addEventListener('abort', onStop);
  try {
    const [code] = await closed;
    run.signal?.throwIfAborted();
    if (deadline.aborted) {
      const reason = `${tool} took longer than ${Math.round(run.timeoutMs / 1000)} s`;
      throw fail('package_failed', { package: run.label, reason, advice: 'Is its registry slow? Try again' });
    }
    return { isGood: code === 0, ...said };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && 'syscall' in error)) throw error;
    const reason = error.code === 'ENOENT' ? `${tool} is not on PATH` : `${tool} cannot be started: ${describe(error)}`;
    throw fail('runner_missing', { package: run.label, reason, install: run.install }, { cause: error });
  } finally {
    stop.removeEventListener('abort', onStop);
    clearTimeout(killing);
    process.off('exit', killAtExit);
  }
}

/** Tells it its input, and keeps what it says, within bounds. */
function hear(
  { stdin, stdout, stderr }: ChildProcessByStdio<Writable, Readable, Readable>,
  input: string,
): { stdout: string; readonly errors: string[] } {
  const said: { stdout: string; readonly errors: string[] } = { stdout: '', errors: [] };
  stdin.on('error', () => {}); // it may end before it has read everything
  stdin.end(input);
  stdout.setEncoding('utf8').on('data', (text: string) => {
    if (said.stdout.length < longestOutput) said.stdout += text;
  });
  forEachLine(stderr, longestLine, (line) => {
    const cleaned = plain(line).trim();
    if (cleaned !== '') said.errors.push(cleaned);
    if (said.errors.length > linesKept) said.errors.shift();
  });
  return said;
}

function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => inherited.test(name)));
}
