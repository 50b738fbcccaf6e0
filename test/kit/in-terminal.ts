import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A command as it runs in a terminal, for programs that want one: by `script` (util-linux; BSD's on macOS). */
export function inTerminal(command: readonly string[]): { command: readonly string[]; skip: string | false } {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const skip = folders.some((folder) => existsSync(join(folder, 'script'))) ? false : 'no script on PATH';
  if (process.platform === 'darwin') return { command: ['script', '-q', '/dev/null', ...command], skip };
  const line = command.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
  return { command: ['script', '-qefc', line, '/dev/null'], skip };
}
