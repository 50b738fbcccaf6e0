import type { ChildProcess } from 'node:child_process';
import { describe } from '../../lib/describe-error.ts';
import { fail } from '../../model/usher-error.ts';
import { untilEnded } from './child-group.ts';

export interface StartedChild<C extends ChildProcess> {
  readonly child: C;
  /** Resolves with a clause when it has ended. */
  readonly ended: Promise<string>;
}

/** Starts a command, or says why that cannot be. Where the system has no room for it Node.js throws, or gives a child without a
 * number, or one that has not even streams, and tells by an event that ends this process where nobody listens to it yet.
 * @throws UsherError workload_failed
 */
export async function startChild<C extends ChildProcess>(command: string, spawn: () => C): Promise<StartedChild<C>> {
  const refuse = (reason: string, cause?: unknown) => fail('workload_failed', { command, reason }, { cause });
  let child: C;
  try {
    child = spawn();
  } catch (cause) {
    throw refuse(`it could not be started: ${describe(cause)}`, cause);
  }
  const ended = untilEnded(child);
  if (child.pid === undefined) throw refuse(await ended);
  return { child, ended };
}
