import type { HelpConfiguration } from 'commander';

/** What help is laid out for where no terminal says how wide it is: a pipe into a pager, a page. */
const usualWidth = 80;
/** Lines that are longer are hard to read, however wide the terminal is. */
const widest = 120;
/** Flags that are longer get a line of their own: the longest would leave the explanations of all no room. */
const widestTerm = 28;

/** How wide help may be on this terminal. */
export function helpWidth(columns: number | undefined): number {
  return Math.min(columns ?? usualWidth, widest);
}

/** Two columns, where a term that is too long for the first stands above its explanation. */
export const helpLayout: HelpConfiguration = {
  minWidthToWrap: 20,
  padWidth: (command, helper) => Math.min(widestTerm, helper.longestOptionTermLength(command, helper)),
  formatItem(term, termWidth, description, helper) {
    const indent = termWidth + 4;
    const text = helper.boxWrap(description, (helper.helpWidth ?? usualWidth) - indent);
    const rest = text.replaceAll('\n', `\n${' '.repeat(indent)}`);
    return term.length > termWidth ? `  ${term}\n${' '.repeat(indent)}${rest}` : `  ${term.padEnd(termWidth)}  ${rest}`;
  },
};

/** An example, as it can be typed: a command that is too long goes on in the next line, before one of its flags. */
export function layOutExample(example: string): string {
  return example.split('\n').map(breakCommand).join('\n');
}

function breakCommand(line: string): string {
  const lines = [''];
  for (const part of `  ${line}`.split(/ (?=--)/)) {
    const last = lines.at(-1) ?? '';
    // What is broken off ends with a space and a backslash.
    if (last !== '' && last.length + 1 + part.length + 2 > usualWidth) lines.push(`    ${part}`);
    else lines[lines.length - 1] = last === '' ? part : `${last} ${part}`;
  }
  return lines.join(' \\\n');
}
