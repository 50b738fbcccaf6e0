import { stripVTControlCharacters } from 'node:util';

/** Breaks a text between words into lines of a width in columns; a word that is longer stays whole. Colours take no room. */
export function wrapWords(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let used = 0;
  for (const word of text.split(' ')) {
    const length = stripVTControlCharacters(word).length;
    if (lines.length > 0 && used + 1 + length <= width) {
      lines[lines.length - 1] += ` ${word}`;
      used += 1 + length;
    } else {
      lines.push(word);
      used = length;
    }
  }
  return lines;
}
