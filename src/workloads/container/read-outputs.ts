import type { Readable } from 'node:stream';
import { forEachLine } from '../../lib/for-each-line.ts';
import type { Log } from '../../model/log.ts';
import { cleanLine } from '../clean-line.ts';

const longestLine = 8 * 1024;

export interface OutputReader {
  readonly log: Log;
  readonly server: string;
  /** Takes out of a line what must not be in a log. */
  readonly hide?: ((line: string) => string) | undefined;
  /** Hears each line that was logged, cleaned. */
  readonly take: (line: string) => void;
}

/** Writes what a container says to the log, line by line, without tokens. Resolves when everything was read. */
export function readOutput(stream: Readable, { log, server, hide, take }: OutputReader): Promise<void> {
  forEachLine(stream, longestLine, (line) => {
    const cleaned = cleanLine(hide?.(line) ?? line);
    log.info(cleaned, { from: server });
    if (cleaned.trim() !== '') take(cleaned);
  });
  return new Promise((resolve) => stream.once('close', resolve));
}
