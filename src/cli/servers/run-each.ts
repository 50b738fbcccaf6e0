import type { Command } from 'commander';
import { textsOf } from '../command.ts';
import { reportError } from '../report-error.ts';

/** Does something with each, one after the other; one that fails does not keep the others from it.
 * @returns the exit code: of the first that failed, 0 when none did
 * @throws what the only one throws
 */
export async function runEach<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  command: Command,
): Promise<number> {
  const [first] = items;
  if (first !== undefined && items.length === 1) {
    await work(first);
    return 0;
  }
  let exitCode = 0;
  for (const item of items) {
    try {
      await work(item);
    } catch (error) {
      const code = reportError(error, { debug: textsOf(command, 'debug').length > 0 });
      exitCode ||= code;
    }
  }
  return exitCode;
}
