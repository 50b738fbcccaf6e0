import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { forEachLine } from '../../lib/for-each-line.ts';
import type { Launched, Launcher, LaunchGift } from '../../model/launcher.ts';
import type { Log } from '../../model/log.ts';
import { fail } from '../../model/usher-error.ts';
import { cleanLine } from '../clean-line.ts';
import { LastLines } from '../last-lines.ts';
import { buildEnvironment, endGroup, endOutputs, endWithUs, isRunning, ownGroup, whyMissing } from './child-group.ts';
import type { ProcessSettings } from './schema.ts';
import { startChild } from './start-child.ts';

const longestLine = 8 * 1024;
/** MCP 2026-07-28, stdio, shutdown: a server ends when its input does; who does not is ended. */
const closedInputMs = 3_000;
const killAfterMs = 5_000;

/** Launcher of workload `process`: runs a command of this machine without a shell, in a process group of its own, with a
 * clean environment. Its stderr goes to the log line by line.
 */
export function processLauncher(name: string, settings: Pick<ProcessSettings, 'command' | 'env'>, log: Log): Launcher {
  const [command = ''] = settings.command;
  return {
    label: command,
    isOtherUser: false,
    async prepare({ signal } = {}) {
      signal?.throwIfAborted();
      if (await isThere(command, buildEnvironment(settings.env)['PATH'] ?? '')) return;
      throw fail('workload_failed', { command, reason: whyMissing(command) });
    },
    launch: (given) => launch(name, { settings, given, log }),
    refuse: (reason) => fail('workload_failed', { command, reason }),
  };
}

interface Start {
  readonly settings: Pick<ProcessSettings, 'command' | 'env'>;
  readonly given: LaunchGift;
  readonly log: Log;
}

async function launch(name: string, { settings, given, log }: Start): Promise<Launched> {
  const [command = '', ...args] = settings.command;
  const { child, ended } = await startChild(command, () =>
    spawn(command, args, {
      env: buildEnvironment({ ...settings.env, ...givenEnvironment(given) }),
      stdio: ['pipe', 'pipe', 'pipe'],
      ...ownGroup,
    }),
  );
  const lastErrors = new LastLines();
  forEachLine(child.stderr, longestLine, (line) => {
    const cleaned = cleanLine(given.hide?.(line) ?? line);
    log.info(cleaned, { from: name });
    lastErrors.take(cleaned);
  });
  // It goes away while it is written to: its end says so.
  child.stdin.on('error', () => {});
  child.stdout.on('error', () => {});
  const spare = endWithUs(child, name, log);
  return {
    input: child.stdin,
    output: child.stdout,
    lastErrors: () => lastErrors.all(),
    ended,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      if (isRunning(child)) await Promise.race([ended, sleep(closedInputMs, undefined, { ref: false })]);
      await endGroup(child, { ended, killAfterMs });
      await endOutputs([child.stdout, child.stderr]);
      spare();
    },
  };
}

function givenEnvironment({ env, folder }: LaunchGift): Readonly<Record<string, string>> {
  const secrets = Object.entries(env).map(([name, value]) => [name, value.reveal()] as const);
  const files = Object.entries(folder?.fileEnv ?? {}).map(([name, file]) => [name, join(folder?.path ?? '', file)]);
  return Object.fromEntries([...secrets, ...files]);
}

/** As the system looks programs up: a path as it is, a name in the folders of PATH. */
async function isThere(command: string, path: string): Promise<boolean> {
  // Windows has endings of its own for programs: there, starting it tells.
  if (process.platform === 'win32') return true;
  const folders = command.includes('/') ? [''] : path.split(delimiter);
  for (const folder of folders) {
    const isExecutable = await access(join(folder, command), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isExecutable) return true;
  }
  return false;
}
