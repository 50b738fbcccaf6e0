import { constants, fstatSync, type Stats, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { describe } from '../../lib/describe-error.ts';
import { fail } from '../../model/usher-error.ts';

/** What a pipe takes at a time: a reader that is slow shows progress. */
const pipeBytes = 64 * 1024;

/** Where lines are written to. */
export interface Target {
  /** Writes some of it, and says how much. */
  write(bytes: Buffer): Promise<number>;
  /** The same without waiting, where a write is a copy into the system's memory; absent where it can block.
   * @returns bytes of UTF-8
   */
  writeNow?(text: string): number;
  /** Has it no name any more? What is written there then is lost. */
  isGone(): Promise<boolean>;
  isGoneNow?(): boolean;
  /** Goes on in whatever has its name now. When that cannot be opened the old one stays.
   * @throws Error of the file system
   */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** Appends to a file; one that it makes has mode 0600.
 * @param tell that one which was there can be read by everybody
 * @throws UsherError config_invalid when it cannot be opened
 */
export async function fileTarget(path: string, tell: () => void): Promise<Target> {
  try {
    let file = await open(path, 'a', 0o600);
    if (isOpenToAll(await file.stat())) tell();
    return {
      write: async (bytes) => (await file.write(bytes)).bytesWritten,
      writeNow: (text) => writeSync(file.fd, text),
      isGoneNow: () => fstatSync(file.fd).nlink === 0,
      isGone: async () => (await file.stat()).nlink === 0,
      async reopen() {
        const earlier = file;
        file = await open(path, 'a', 0o600);
        await earlier.close();
      },
      close: () => file.close(),
    };
  } catch (cause) {
    const report = `--audit-file: Cannot open ${path} for appending: ${describe(cause)}; its folder has to be there, and writable for the user Usher runs as`;
    throw fail('config_invalid', { report }, { cause });
  }
}

/** A group may well read it: that is how lines are collected. On Windows the mode says nothing. */
function isOpenToAll(file: Stats): boolean {
  return file.isFile() && (file.mode & constants.S_IROTH) !== 0 && process.platform !== 'win32';
}

/** A reader that went away (EPIPE) is a failure like a full disk. */
export function stdoutTarget(): Target {
  const ignore = () => {};
  process.stdout.on('error', ignore);
  return {
    write: (bytes) => {
      const piece = bytes.subarray(0, pipeBytes);
      return new Promise((resolve, reject) => {
        process.stdout.write(piece, (error) => (error ? reject(error) : resolve(piece.length)));
      });
    },
    isGone: async () => false,
    reopen: async () => {},
    close: async () => {
      process.stdout.off('error', ignore);
    },
  };
}
