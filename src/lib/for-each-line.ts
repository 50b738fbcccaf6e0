import type { Readable } from 'node:stream';

/** Hands on what a stream says line by line, without line ends. A line longer than `longest` characters comes in pieces, so
 * that one without an end does not fill the memory.
 */
export function forEachLine(stream: Readable, longest: number, take: (line: string) => void): void {
  let rest = '';
  const takeInPieces = (line: string) => {
    for (let from = 0; from === 0 || from < line.length; from += longest) take(line.slice(from, from + longest));
  };
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) takeInPieces(line.replace(/\r$/, ''));
    if (rest.length < longest) return;
    takeInPieces(rest);
    rest = '';
  });
  stream.once('end', () => {
    if (rest !== '') take(rest);
    rest = '';
  });
}
