const longest = 300;
const mostItems = 10;

/** A value out of a token as a refusal quotes it: JSON for what can be read at a glance, else what kind of thing it is.
 * The value is anybody's: writing it out must cost little, however long it is or deeply nested.
 */
export function quoteValue(value: unknown): string {
  if (value === undefined) return 'missing';
  if (!Array.isArray(value)) return quoteScalar(value) ?? 'an object';
  const items = value.slice(0, mostItems).map(quoteScalar);
  if (items.includes(undefined)) return 'a list of lists or objects';
  return `[${items.join(',')}${value.length > mostItems ? ',…' : ''}]`;
}

function quoteScalar(value: unknown): string | undefined {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, longest));
  return typeof value === 'object' && value !== null ? undefined : JSON.stringify(value);
}
