import type { Readable } from 'node:stream';

/** What tokens are made of (RFC 6750 §2.1, b64token). */
const ofWord = /[\w~+/.=-]/;
/** A piece must not end between one of these and what stands behind it. */
const scheme = /(?:Bearer|DPoP|Basic) *$/i;
const left = '(the rest of the line has a word that is too long, and was left out)';

/** Hands on what a stream says line by line, without line ends. A line longer than `longest` characters comes in pieces, so
 * that one without an end does not fill the memory. Pieces end behind words: whoever takes tokens out of lines finds each whole. Where a
 * word has no end, the rest of its line is left out.
 */
export function forEachLine(stream: Readable, longest: number, take: (line: string) => void): void {
  let rest = '';
  /** Until the line ends. */
  let isSkipping = false;

  /** Takes pieces off the front, until what is left is no longer than a line may be. */
  function takePieces(text: string): string {
    let line = text;
    while (!isSkipping && line.length > longest) {
      const end = findEnd(line, longest);
      isSkipping = end === 0;
      take(isSkipping ? left : line.slice(0, end));
      line = line.slice(end);
    }
    return isSkipping ? '' : line;
  }

  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    const last = lines.pop() ?? '';
    for (const line of lines) {
      const end = takePieces(line.replace(/\r$/, ''));
      if (!isSkipping) take(end);
      isSkipping = false;
    }
    rest = takePieces(last);
  });
  stream.once('end', () => {
    if (rest !== '') take(rest);
    rest = '';
  });
}

/** Where the last word ends that ends within the limit; 0 where there is none. */
function findEnd(text: string, longest: number): number {
  for (let end = longest; end > 0; end -= 1) {
    const isBetween = !ofWord.test(text[end - 1] ?? '') || !ofWord.test(text[end] ?? '');
    if (isBetween && !scheme.test(text.slice(Math.max(0, end - 64), end))) return end;
  }
  return 0;
}
