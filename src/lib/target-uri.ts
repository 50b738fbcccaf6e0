/** A web address as RFC 9449 §4.3 compares it: normalised by syntax and scheme (RFC 3986 §6.2.2, §6.2.3), without query and
 * fragment. Undefined for what is none: nothing is mended here.
 */
export function findTargetUri(text: string): string | undefined {
  if (!/^https?:\/\/[^\s\\]+$/i.test(text) || !URL.canParse(text)) return undefined;
  // Lower case of scheme and host, no usual port, no dot segments: what URL does by itself.
  const { origin, pathname, username, password } = new URL(text);
  if (username !== '' || password !== '') return undefined;
  return origin + pathname.replaceAll(/%[0-9a-f]{2}/gi, normalizeOctet);
}

/** RFC 3986 §6.2.2.1 and §6.2.2.2: unreserved characters as they are, the others in capitals. */
function normalizeOctet(encoded: string): string {
  const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
  return /[A-Za-z0-9._~-]/.test(character) ? character : encoded.toUpperCase();
}
