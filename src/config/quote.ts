const longestValue = 80;

/** A value for an error message: in quotes, short, on one line, without user name and password of a URL. */
export function quote(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value !== 'string') return 'a group of settings';
  // JSON.stringify escapes control characters and quotes.
  const text = JSON.stringify(value.replaceAll(/\/\/.*@/g, '//…@'));
  return text.length > longestValue ? `${text.slice(0, longestValue)}…"` : text;
}
