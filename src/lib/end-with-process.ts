import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { BackOff } from './back-off.ts';
import { describe } from './describe-error.ts';
import { findProcessStart } from './find-process-start.ts';
import { signalGroup } from './signal-group.ts';

/** What must not outlive this process: a process group, by the process it was made for, or a folder. */
export type Mortal = { readonly group: number } | { readonly folder: string };

/** A watch that ran for so long was well: when it ends, the next one comes at once. */
const healthyMs = 60_000;
/** SIGTERM is given so long before SIGKILL. */
const graceMs = 2_000;

/** The watch: reads what there is from its input, line by line, and ends it when the input ends. A kill leaves no other trace
 * that comes at once: no handler runs, but the system closes what the process had open. It goes on alone then, so it is small, in a session
 * of its own, and deaf to the signals that a terminal or a service manager sends around.
 *
 * A number alone is never believed: a process that began at another time has got it since (proc(5), field 22). Where the
 * system does not say, it holds that no number is given out anew while a group of it is there.
 */
const program = `
const { readFileSync, rmSync, writeSync } = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');
const [maker, graceMs] = process.argv.slice(1).map(Number);
process.title = 'watch over what process ' + maker + ' runs';
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {});
const kept = new Map();
let rest = '';
process.stdin.setEncoding('utf8').on('data', (text) => {
  const lines = (rest + text).split('\\n');
  rest = lines.pop();
  for (const { id, ...mortal } of lines.map((line) => JSON.parse(line))) {
    if (mortal.group === undefined && mortal.folder === undefined) kept.delete(id);
    else kept.set(id, mortal);
  }
}).on('error', () => {}).on('close', end);
function startOf(pid) {
  try {
    const text = readFileSync('/proc/' + pid + '/stat', 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {}
}
function signal({ group, start }, what) {
  const now = startOf(group);
  if (start !== undefined && now !== undefined && start !== now) return false;
  try {
    return process.kill(process.platform === 'win32' ? group : -group, what);
  } catch {
    return false;
  }
}
async function end() {
  const folders = [...kept.values()].filter(({ folder }) => folder !== undefined);
  const remove = () => folders.forEach(({ folder }) => {
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    } catch {}
  });
  remove();
  let groups = [...kept.values()].filter((one) => one.group !== undefined && signal(one, 'SIGTERM'));
  if (groups.length > 0) {
    const list = groups.map(({ group }) => group).join(', ');
    try {
      writeSync(2, 'Process ' + maker + ' of Usher ended without a word: what it ran is ended too (' + list + ')\\n');
    } catch {}
  }
  const deadlineMs = performance.now() + graceMs;
  while (groups.length > 0 && performance.now() < deadlineMs) {
    await sleep(50);
    groups = groups.filter((one) => signal(one, 0));
  }
  for (const one of groups) signal(one, 'SIGKILL');
  remove();
  process.exit();
}
`;

/** As the watch reads it. */
type Told = Mortal & { readonly start?: string | undefined };

const mortals = new Map<number, Told>();
const backOff = new BackOff({ firstMs: 100, longestMs: 60_000 });
let lastId = 0;
let watch: ChildProcess | undefined;
let nextStart: NodeJS.Timeout | undefined;

/** Sees that something goes with this process, however that ends: at an exit at once, after a kill by a small process beside it,
 * which is started for the first of all.
 * @param onTrouble hears a clause when nobody would do that after a kill for a while
 * @returns call it when it is gone
 */
export function endWithProcess(mortal: Mortal, onTrouble: (reason: string) => void): () => void {
  if (mortals.size === 0) process.on('exit', endAll);
  lastId += 1;
  const id = lastId;
  const told = 'group' in mortal ? { ...mortal, start: findProcessStart(mortal.group) } : mortal;
  mortals.set(id, told);
  if (watch === undefined && nextStart === undefined) startWatch(onTrouble);
  else tell(id, told);
  return () => {
    if (!mortals.delete(id)) return;
    tell(id);
    if (mortals.size === 0) process.off('exit', endAll);
  };
}

function endAll(): void {
  for (const [id, mortal] of mortals) {
    if ('group' in mortal) signalGroup(mortal.group, 'SIGKILL');
    else rmSync(mortal.folder, { recursive: true, force: true });
    tell(id);
  }
}

function startWatch(onTrouble: (reason: string) => void): void {
  const startedAtMs = performance.now();
  const { SystemRoot } = process.env;
  const started = spawn(process.execPath, ['-e', program, '--', String(process.pid), String(graceMs)], {
    cwd: '/',
    detached: true,
    env: SystemRoot === undefined ? {} : { SystemRoot },
    stdio: ['pipe', 'ignore', 'inherit'],
    windowsHide: true,
  });
  watch = started;
  const end = (reason: string): void => {
    if (watch !== started) return;
    watch = undefined;
    onTrouble(reason);
    if (performance.now() - startedAtMs > healthyMs) backOff.reset();
    nextStart = setTimeout(() => {
      nextStart = undefined;
      if (mortals.size > 0) startWatch(onTrouble);
    }, backOff.nextMs()).unref();
  };
  started.once('error', (error) => end(`it could not be started: ${describe(error)}`));
  started.once('exit', (code, signal) =>
    end(signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`),
  );
  started.stdin?.on('error', () => {});
  // It is no reason to go on.
  started.unref();
  if (started.stdin instanceof Socket) started.stdin.unref();
  for (const [id, told] of mortals) tell(id, told);
}

/** Written at once: the pipe has room for it, whatever becomes of this process next. */
function tell(id: number, mortal?: Told): void {
  watch?.stdin?.write(`${JSON.stringify({ id, ...mortal })}\n`);
}
