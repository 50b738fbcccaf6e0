/** A form as a page has it. */
export interface Form {
  /** Where it is posted to, as written. */
  readonly action: string;
  /** Its inputs and buttons by name, with the value each has. */
  readonly fields: ReadonlyMap<string, string>;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

/** The text that an escaped value stands for. Knows the entities the provider's pages use. */
export function unescapeHtml(text: string): string {
  return text.replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name] ?? '');
}

function readAttribute(tag: string, name: string): string | undefined {
  const found = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
  return found === undefined ? undefined : unescapeHtml(found);
}

/**
 * Reads the form of one of the provider's pages: their HTML has quoted attributes and one form at most. Undefined
 * where the page has none.
 */
export function findForm(page: string): Form | undefined {
  const found = /(<form\s[^>]*>)([\s\S]*?)<\/form>/.exec(page);
  if (found === null) return undefined;
  const [, tag = '', content = ''] = found;
  const fields = new Map<string, string>();
  for (const [control] of content.matchAll(/<(?:input|button)\s[^>]*>/g)) {
    const name = readAttribute(control, 'name');
    if (name !== undefined) fields.set(name, readAttribute(control, 'value') ?? '');
  }
  return { action: readAttribute(tag, 'action') ?? '', fields };
}

/** Where a page leads the browser on to by itself, at once; undefined where it does not. */
export function findRefresh(page: string): string | undefined {
  const tag = /<meta\s+http-equiv="refresh"[^>]*>/.exec(page)?.[0];
  return tag === undefined ? undefined : /^0;\s*url=(.+)$/.exec(readAttribute(tag, 'content') ?? '')?.[1];
}
