export type LogFormat = 'text' | 'json';

/** Writes one line to stdout: `text` for people, or with `json` one object `{event, ...fields}` for programs. */
export type PrintLog = (event: string, text: string, fields: Readonly<Record<string, unknown>>) => void;

/** Builds the log of a program. Values that come from a caller belong into `fields` or through {@link quoteValue}. */
export function buildPrintLog(format: LogFormat): PrintLog {
  return (event, text, fields) => {
    process.stdout.write(`${format === 'json' ? JSON.stringify({ event, ...fields }) : text}\n`);
  };
}

/** Finds the log format named by LOG_FORMAT; undefined when it is neither `text` nor `json`. */
export function findLogFormat(value: string | undefined): LogFormat | undefined {
  if (value === undefined || value === '') return 'text';
  return value === 'text' || value === 'json' ? value : undefined;
}

/** One value for a `name=value` line: as it is when it is one printable word, else quoted and escaped as JSON does. */
export function quoteValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(quoteValue).join(' ')}]`;
  if (typeof value === 'string' && /^[!#-~]+$/.test(value)) return value;
  return JSON.stringify(value) ?? 'none';
}
