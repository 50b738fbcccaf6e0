/** @param {string} text a cell: no line breaks, no bars */
function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/**
 * A table; columns that are empty in every row are left out.
 *
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
export function table(head, rows) {
  const used = head.map((_, column) => rows.some((row) => (row[column] ?? '') !== ''));
  /** @param {readonly string[]} row */
  const line = (row) =>
    `| ${row
      .filter((_, column) => used[column])
      .map(cell)
      .join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** @param {string | undefined} text */
export function code(text) {
  return text === undefined || text === '' ? '' : `\`${text}\``;
}

export const generatedNote =
  '<!-- Made by tools/generate.js from the program’s own tables. Change those, not this page. -->';
