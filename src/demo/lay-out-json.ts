/** JSON for a person: an object or list stands on one line where it fits into `width` columns, else each member gets its
 * own. `value` is what `JSON.parse` returns.
 */
export function layOutJson(value: unknown, width: number): string {
  return layOut(value, { width, indent: '', before: 0 });
}

interface Place {
  readonly width: number;
  readonly indent: string;
  /** Columns that are taken on the line besides the indent: the member's name, and a comma behind it. */
  readonly before: number;
}

function layOut(value: unknown, { width, indent, before }: Place): string {
  const short = onOneLine(value);
  if (typeof value !== 'object' || value === null || indent.length + before + short.length <= width) return short;
  const inner = `${indent}  `;
  const lines = membersOf(value).map(
    ([name, member]) => `${inner}${name}${layOut(member, { width, indent: inner, before: name.length + 1 })}`,
  );
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

function onOneLine(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = membersOf(value).map(([name, member]) => `${name}${onOneLine(member)}`);
  if (Array.isArray(value)) return `[${members.join(', ')}]`;
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

/** Each member with what stands before it: `"name": `, and nothing in a list. */
function membersOf(value: object): (readonly [string, unknown])[] {
  if (Array.isArray(value)) return value.map((member: unknown) => ['', member]);
  return Object.entries(value).map(([name, member]) => [`${JSON.stringify(name)}: `, member]);
}
