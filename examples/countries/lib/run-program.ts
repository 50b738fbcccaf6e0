import { CannotStart } from './cannot-start.ts';
import type { RunningServer } from './start-http-server.ts';

/** Starts a server and keeps it until SIGINT or SIGTERM, which close it at once (exit 0).
 * What keeps it from starting is one sentence on stderr (exit 1). */
export async function runProgram(start: () => Promise<RunningServer>): Promise<void> {
  try {
    const server = await start();
    const stop = (): void => {
      // A second signal finds no handler and ends the process the usual way.
      process.off('SIGINT', stop).off('SIGTERM', stop);
      void server.close().then(() => process.exit(0));
    };
    process.on('SIGINT', stop).on('SIGTERM', stop);
  } catch (error) {
    if (!(error instanceof CannotStart)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = 1;
  }
}
