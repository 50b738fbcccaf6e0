/** Text that cannot stand in a header is sent as base64 of its UTF-8, `=?base64?…?=` (MCP 2026-07-28, Streamable HTTP, value encoding).
 * @returns the text; undefined for what is said to be base64 and is not
 */
export function decodeHeaderText(value: string): string | undefined {
  const encoded = /^=\?base64\?(.*)\?=$/s.exec(value)?.[1];
  if (encoded === undefined) return value;
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded)) return undefined;
  return Buffer.from(encoded, 'base64').toString('utf8');
}
