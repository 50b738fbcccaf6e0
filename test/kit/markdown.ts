/** A fenced block of code. */
export interface Block {
  readonly page: string;
  /** Where it begins. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/** A command line of `usher` in a block of shell commands. */
export interface ShellCommand {
  readonly page: string;
  readonly line: number;
  /** Without `usher` itself. */
  readonly words: readonly string[];
  /** Variables set in front of it. */
  readonly environment: Readonly<Record<string, string>>;
}

const fence = /^```(\w*)\n([\s\S]*?)^```$/gm;

export function findBlocks(page: string, markdown: string): Block[] {
  return [...markdown.matchAll(fence)].map(({ 1: language = '', 2: text = '', index }) => ({
    page,
    line: markdown.slice(0, index).split('\n').length,
    language,
    text,
  }));
}

/** Targets of links, outside code. */
export function findLinks(markdown: string): string[] {
  const prose = markdown.replaceAll(fence, '').replaceAll(/`[^`\n]*`/g, '`');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}

/** What stands in the text as code, outside blocks. */
export function findCode(markdown: string): string[] {
  return [...markdown.replaceAll(fence, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

/** Anchors of headings as GitHub makes them: lower case, punctuation left out, a number for the second of a kind. */
export function headingAnchors(markdown: string): string[] {
  const seen = new Map<string, number>();
  return [...markdown.replaceAll(fence, '').matchAll(/^#{1,6} (.+)$/gm)].map(([, title = '']) => {
    const text = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    const anchor = text
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
}

/** Command lines of `usher` (or `node bin/usher.js`) in a block: continued lines joined, comments, redirections and what
 * follows a pipe left out.
 */
export function findCommands({ page, line, text }: Block): ShellCommand[] {
  return text
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .flatMap((commandLine) => commandLine.split(/ \|\|? | && /))
    .flatMap((part) => {
      const words = splitWords(part);
      const environment: Record<string, string> = {};
      while (/^[A-Z_]+=/.test(words[0] ?? '')) {
        const [name = '', value = ''] = (words.shift() ?? '').split('=', 2);
        environment[name] = value;
      }
      if (words[0] === 'node' && words[1] === 'bin/usher.js') words.shift();
      else if (words[0] !== 'usher') return [];
      return [{ page, line, words: words.slice(1), environment }];
    });
}

/** Words of a simple command, with quotes as in a shell; ends at a comment or redirection. */
function splitWords(command: string): string[] {
  const words: string[] = [];
  for (const [word] of command.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)) {
    if (word.startsWith('#') || /^\d?[<>&]/.test(word)) break;
    words.push(word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
  }
  return words;
}
