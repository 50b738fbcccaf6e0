import type { Log } from '../../src/model/log.ts';

/** A log that keeps everything it is told as text, each line beginning with its level. */
export function collectLog(): { readonly log: Log; readonly logged: string[] } {
  const logged: string[] = [];
  const take = (level: keyof Log) => (message: string, fields: unknown) =>
    void logged.push(`${level}: ${message} ${JSON.stringify(fields ?? {})}`);
  const log: Log = { debug: take('debug'), info: take('info'), warn: take('warn'), error: take('error') };
  return { log, logged };
}
