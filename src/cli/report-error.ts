import { plain, plainLines } from '../lib/plain.ts';
import { UsherError } from '../model/usher-error.ts';
import { note, paint } from './print.ts';

/** Tells the operator why the command failed, on stderr, and returns the exit code of the error table. A stack is shown
 * with --debug only: it says nothing to a person who mistyped a flag.
 */
export function reportError(error: unknown, { debug }: { debug: boolean }): number {
  const label = paint('red', 'error:');
  if (error instanceof UsherError) {
    note(`${label} ${error.message}`);
    note(`${paint('dim', 'hint:')} ${error.hint}`);
  } else {
    const reason = plain(error instanceof Error ? error.message : String(error));
    note(`${label} Something went wrong inside Usher: ${reason}`);
    note(`${paint('dim', 'hint:')} This is a defect: run it again with --debug and report what it says.`);
  }
  if (debug && error instanceof Error) note(plainLines(error.stack ?? ''));
  return error instanceof UsherError ? (error.exitCode ?? error.row.exitCode ?? 1) : 1;
}
