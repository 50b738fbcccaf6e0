/** One event of a stream (HTML, server-sent events, interpreting an event stream). */
export interface ParsedEvent {
  /** `message` where it does not say. */
  readonly type: string;
  readonly data: string;
}

export function parseEvent(text: string): ParsedEvent {
  let type = '';
  const data: string[] = [];
  // A stream may begin with a byte order mark.
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)) {
    const [, field, value = ''] = /^(event|data)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === 'event') type = value;
    else if (field === 'data') data.push(value);
  }
  return { type: type === '' ? 'message' : type, data: data.join('\n') };
}
