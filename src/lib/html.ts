const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escape(text: string): string {
  // oxlint-disable-next-line no-control-regex -- a control character has no place in a page and is not allowed in HTML
  const visible = text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, '\ufffd');
  return visible.replaceAll(/[&<>"']/g, (character) => named[character] ?? '');
}

/** Text that is HTML already. Only {@link html} makes it, so nothing unescaped can get in. */
export class Markup {
  readonly #text: string;

  constructor(strings: TemplateStringsArray, values: readonly Fragment[]) {
    this.#text = strings.reduce((text, part, index) => text + render(values[index - 1]) + part);
  }

  toString(): string {
    return this.#text;
  }
}

/** What may stand in a template: text and numbers are escaped, markup is taken as it is, undefined is left out. */
export type Fragment = string | number | Markup | readonly Markup[] | undefined;

function render(value: Fragment): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return escape(value);
  if (typeof value === 'number') return String(value);
  return value instanceof Markup ? value.toString() : value.map(String).join('');
}

/**
 * A piece of a page. Values are escaped for element content and for quoted attributes; never put one into an unquoted
 * attribute, a URL scheme, a script or a style.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Fragment[]): Markup {
  return new Markup(strings, values);
}
