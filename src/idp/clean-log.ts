import type { IdpOptions } from './running-idp.ts';

const longest = 1000;

/** A log that cannot be written into from outside: values that came with a request lose their control characters and
 * what is longer than any real one.
 */
export function cleanLog(log: IdpOptions['log']): NonNullable<IdpOptions['log']> {
  if (log === undefined) return () => undefined;
  return (line, fields = {}) => {
    const known = Object.entries(fields).filter(([, value]) => value !== undefined);
    log(line, Object.fromEntries(known.map(([name, value]) => [name, clean(value)])));
  };
}

function clean(value: unknown): unknown {
  const text = typeof value === 'string' || value === null ? value : JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof text !== 'string') return value;
  // oxlint-disable-next-line no-control-regex -- removing control characters is the point
  const line = text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ');
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
