import { spawn } from 'node:child_process';
import { forEachLine } from '../../lib/for-each-line.ts';
import { fail } from '../../model/usher-error.ts';
import { cleanLine } from '../clean-line.ts';
import type { RunningServer, StartDeps } from '../keep-running.ts';
import { untilFree, untilListening } from '../listening-port.ts';
import { buildEnvironment, endGroup, endOutputs, endWithUs, isRunning, ownGroup } from './child-group.ts';
import { startChild } from './start-child.ts';

const killAfterMs = 10_000;
/** What a killed gateway ran is ended within two seconds. */
const leftoverMs = 3_000;
const longestLine = 8 * 1024;

/** A command, and where it listens. */
export interface ListeningCommand {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly targetPort: number;
  readonly startTimeoutSeconds: number;
}

/** Workload `process`: runs a command without a shell, in a process group of its own, with a clean environment; its output
 * goes to the log line by line. Returns when something listens on the target port. The command does not outlive this
 * process, however that ends. Disposing it: SIGTERM to its process group, SIGKILL after ten seconds and to
 * whatever of the group is left.
 * @throws UsherError workload_failed, or the signal's reason; the command is stopped then
 */
export async function startProcess(
  name: string,
  settings: ListeningCommand,
  { log, signal, onErrorLine }: StartDeps,
): Promise<RunningServer> {
  const [command = '', ...args] = settings.command;
  if (!(await untilFree(settings.targetPort, { timeoutMs: leftoverMs, signal }))) {
    throw fail('workload_failed', {
      command,
      reason: `port ${settings.targetPort} is in use already; what listens there is not the command that would be started`,
    });
  }
  const { child, ended } = await startChild(command, () =>
    spawn(command, args, {
      env: buildEnvironment(settings.env),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...ownGroup,
    }),
  );
  for (const stream of [child.stdout, child.stderr]) {
    forEachLine(stream, longestLine, (line) => {
      const cleaned = cleanLine(line);
      log.info(cleaned, { from: name });
      if (stream === child.stderr) onErrorLine?.(cleaned);
    });
  }
  const spare = endWithUs(child, name, log);
  const running = {
    ended: ended.then((reason) => `${command}: ${reason}`),
    async [Symbol.asyncDispose]() {
      await endGroup(child, { ended, killAfterMs });
      await endOutputs([child.stdout, child.stderr]);
      spare();
    },
  };
  const problem = await Promise.race([
    ended,
    untilListening(settings.targetPort, {
      timeoutSeconds: settings.startTimeoutSeconds,
      mayStillCome: () => isRunning(child) && signal?.aborted !== true,
    }),
  ]);
  if (problem === undefined) return running;
  await running[Symbol.asyncDispose]();
  signal?.throwIfAborted();
  throw fail('workload_failed', { command, reason: problem });
}
