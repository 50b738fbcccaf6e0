import { styleText } from 'node:util';
import { pino, type DestinationStream } from 'pino';
import { plain, visibleJson } from '../lib/plain.ts';
import type { Log, LogFields } from '../model/log.ts';

/** How the log looks and how much of it there is. */
export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly format: 'auto' | 'pretty' | 'json';
}

/** A log whose level can be changed while it is used. */
export interface LeveledLog extends Log {
  setLevel(level: LogOptions['level']): void;
}

/** The log, on stderr: JSON lines for machines, or one short line each for a person at a terminal.
 * @param write takes the lines instead of stderr: for a file that people read, so that short lines are what is usual
 */
export function buildLog({ level, format }: LogOptions, write?: (line: string) => void): LeveledLog {
  const isForPeople = write !== undefined || process.stderr.isTTY;
  const isPretty = format === 'pretty' || (format === 'auto' && isForPeople);
  const destination = isPretty ? prettyDestination(write) : jsonDestination(write);
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return {
    debug: (message, fields) => log.debug(fields ?? {}, message),
    info: (message, fields) => log.info(fields ?? {}, message),
    warn: (message, fields) => log.warn(fields ?? {}, message),
    error: (message, fields) => log.error(fields ?? {}, message),
    setLevel: (next) => {
      log.level = next;
    },
  };
}

function jsonDestination(write?: (line: string) => void): DestinationStream {
  if (write !== undefined) return { write: (line) => write(visibleJson(line)) };
  const destination = pino.destination({ dest: 2, sync: true });
  // Full disk, reader gone: what cannot be logged is no reason to stop serving; the audit trail has its own rule.
  destination.on('error', () => {});
  return { write: (line) => destination.write(visibleJson(line)) };
}

function prettyDestination(write?: (line: string) => void): DestinationStream {
  if (write !== undefined) return { write: (line) => write(prettyLine(line, undefined)) };
  process.stderr.on('error', () => {});
  return { write: (line) => process.stderr.write(prettyLine(line, process.stderr)) };
}

const colours = { debug: 'gray', info: 'cyan', warn: 'yellow', error: 'red' } as const;

/** One line, whatever stands in it: claims of tokens nobody has verified do, and could forge further lines or move the cursor
 * (CWE-117). Only a stack has lines of its own.
 */
function prettyLine(line: string, terminal: NodeJS.WriteStream | undefined): string {
  const { level, time, msg, ...fields }: { level: keyof typeof colours; time: string; msg: string } & LogFields =
    JSON.parse(line);
  const details = Object.entries(fields)
    .filter(([name, value]) => value !== undefined && name !== 'stack')
    .map(([name, value]) => plain(`${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`))
    .join(' ');
  const stack = typeof fields['stack'] === 'string' ? `\n${fields['stack'].split('\n').map(plain).join('\n')}` : '';
  const paint = (colour: 'gray' | 'cyan' | 'yellow' | 'red', text: string): string =>
    terminal === undefined ? text : styleText(colour, text, { stream: terminal });
  // A file is read on another day as well.
  const shownTime = terminal === undefined ? time : time.slice(11, 23);
  return (
    `${paint('gray', shownTime)} ${paint(colours[level], level.padEnd(5))} ${plain(msg)}` +
    `${details === '' ? '' : ` ${paint('gray', details)}`}${stack}\n`
  );
}
