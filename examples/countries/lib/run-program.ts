import { CannotStart } from './cannot-start.ts';
import type { RunningServer } from './start-http-server.ts';

/** Starts a server and keeps it until SIGINT or SIGTERM, which close it at once (exit 0).
 * What keeps it from starting is one sentence on stderr (exit 1). */
export async function runProgram(start: () => Promise<RunningServer>): Promise<void> {
  let server: RunningServer | undefined;
  const stop = (): void => {
    // A second signal finds no handler and ends the process the usual way.
    process.off('SIGINT', stop).off('SIGTERM', stop);
    void Promise.resolve(server?.close()).then(() => process.exit(0));
  };
  // Before the start: whoever reads the line that says we listen may send a signal the next moment.
  process.on('SIGINT', stop).on('SIGTERM', stop);
  if (process.env['STOP_WITH_PARENT'] === 'true') stopWithParent(stop);
  try {
    server = await start();
  } catch (error) {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    if (!(error instanceof CannotStart)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = 1;
  }
}

/** Whoever is killed outright cannot stop what it started: an orphan gets another parent, and sees that. */
function stopWithParent(stop: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, 500);
  timer.unref();
}
