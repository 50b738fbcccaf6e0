import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe } from '../../lib/describe-error.ts';
import { endWithProcess } from '../../lib/end-with-process.ts';
import { signalGroup } from '../../lib/signal-group.ts';
import type { Log } from '../../model/log.ts';

/** Of the environment, what a program needs to run at all. Everything else might be a secret of Usher's. */
const inherited = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SystemRoot'] as const;
/** For what a command leaves behind when it ends, and for the last of its output. */
const leftoversMs = 2_000;
const lastOutputMs = 200;

/** A child gets a process group of its own: a package runner's child must not outlive it. */
export const ownGroup = { detached: process.platform !== 'win32' };

/** The environment of a command: what it needs to run at all, and what it is given. */
export function buildEnvironment(given: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = inherited.flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]] as const],
  );
  return { ...Object.fromEntries(kept), ...given };
}

/** Why a program could not be started, as a clause. Packages are fetched into the user's cache, which may be emptied. */
export function whyMissing(program: string, error?: Error): string {
  const isPackage = program.includes(join(sep, 'usher', 'packages', sep));
  if (isPackage && !existsSync(program))
    return 'its package is no longer in the cache; take the server away with usher rm, and run it anew';
  return error === undefined
    ? 'there is no such program that may be run'
    : `it could not be started: ${describe(error)}`;
}

/** Resolves with a clause when a child has ended, or could not be started. */
export function untilEnded(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(whyMissing(child.spawnfile, error)));
    child.once('exit', (code, endedBy) =>
      resolve(endedBy === null ? `it exited with code ${code}` : `it was ended by ${endedBy}`),
    );
  });
}

/** Sees that a child and its group go with this process, also when that is killed.
 * @param name of the mounted server, for the log
 * @returns call it when nothing of it is left
 */
export function endWithUs({ pid }: ChildProcess, name: string, log: Log): () => void {
  if (pid === undefined) return () => {};
  return endWithProcess({ group: pid }, (reason) =>
    log.warn('What ends the command if this process is killed has ended; it is started again', {
      server: name,
      reason,
    }),
  );
}

/** Ends what is left of a child's group, the child included: SIGTERM, after a while SIGKILL. Resolves when nothing is left. */
export async function endGroup(
  child: ChildProcess,
  { ended, killAfterMs }: { readonly ended: Promise<string>; readonly killAfterMs: number },
): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  const wasRunning = isRunning(child);
  signalGroup(pid, 'SIGTERM');
  if (wasRunning) {
    const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), killAfterMs);
    await ended;
    clearTimeout(timer);
  }
  // What it started itself may go on without it, and holds the pipes that would keep this process running.
  const deadlineMs = Date.now() + leftoversMs;
  while (signalGroup(pid, 0) && Date.now() < deadlineMs) await sleep(50);
  signalGroup(pid, 'SIGKILL');
}

/** Waits for the last of a child's output, not for long, and lets go of it. */
export async function endOutputs(streams: readonly Readable[]): Promise<void> {
  const open = streams.filter((stream) => !stream.closed);
  await Promise.race([Promise.all(open.map((stream) => once(stream, 'close'))), sleep(lastOutputMs)]);
  for (const stream of open) stream.destroy();
}

export function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
