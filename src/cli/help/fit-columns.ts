import { stripVTControlCharacters } from 'node:util';

/** Breaks the lines of a report for a terminal, each where its own text begins: below a mark, behind a label. Tables stay as
 * they are, and so does everything where no terminal shows it: a pipe gets whole lines.
 */
export function fitColumns(text: string, columns: number | undefined): string {
  if (columns === undefined) return text;
  return text
    .split('\n')
    .map((line) => fitLine(line, columns))
    .join('\n');
}

function fitLine(line: string, columns: number): string {
  const visible = stripVTControlCharacters(line);
  const indent = /^ *(?:[✔✘·–?+-] )?(?:\S+ {2,})?/.exec(visible)?.[0].length ?? 0;
  if (visible.length <= columns || indent > columns / 2 || visible.slice(indent).includes('   ')) return line;
  const lines = [''];
  let width = 0;
  for (const [index, word] of line.split(' ').entries()) {
    const length = stripVTControlCharacters(word).length;
    const isFirst = index === 0;
    if (!isFirst && width > indent && width + 1 + length > columns) {
      lines.push(' '.repeat(indent) + word);
      width = indent + length;
    } else {
      lines[lines.length - 1] += isFirst ? word : ` ${word}`;
      width += length + (isFirst ? 0 : 1);
    }
  }
  return lines.join('\n');
}
