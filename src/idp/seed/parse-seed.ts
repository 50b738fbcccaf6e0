import { LineCounter, parseDocument, type Document } from 'yaml';
import { fail } from '../../model/usher-error.ts';
import { findSeedConflicts, type SeedProblem } from './find-seed-conflicts.ts';
import { seedSchema, type Seed } from './seed-schema.ts';

/** Reads a seed out of YAML text.
 * @param file what the text is called in messages
 * @throws UsherError `config_invalid` with every problem, each with its line and column
 */
export function parseSeed(text: string, file: string): Seed {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  if (document.errors.length > 0) {
    throw invalid(
      document.errors.map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        return `${file}:${line}:${col} ${error.message}`;
      }),
    );
  }
  let tree: unknown;
  try {
    tree = document.toJS({ maxAliasCount: 100 });
  } catch {
    throw invalid([`${file}:1:1 its aliases refer to nothing, or to each other too often`]);
  }
  const result = seedSchema.safeParse(tree);
  const problems: readonly SeedProblem[] = result.success
    ? findSeedConflicts(result.data)
    : result.error.issues.flatMap((issue) => {
        const path = issue.path.filter((part) => typeof part !== 'symbol');
        if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
        return issue.keys.map((key) => ({ path: [...path, key], message: `unknown key "${key}"` }));
      });
  if (result.success && problems.length === 0) return result.data;
  throw invalid(
    problems
      .map((problem) => ({ ...findPlace(document, lines, problem.path), problem }))
      .sort((a, b) => a.line - b.line || a.col - b.col)
      .map(({ line, col, problem }) => `${file}:${line}:${col} ${sentence(problem)}`),
  );
}

function invalid(problems: readonly string[]) {
  return fail('config_invalid', {
    report: ['Cannot use the seed:', ...problems.map((line) => `  ${line}`)].join('\n'),
  });
}

function sentence({ path, message }: SeedProblem): string {
  return path.length === 0 ? message : `${path.join('.')}: ${message}`;
}

/** Line and column of the nearest node that is there: a missing key has the place of its parent. */
function findPlace(document: Document, lines: LineCounter, path: SeedProblem['path']) {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
    if (Array.isArray(range) && typeof range[0] === 'number') return lines.linePos(range[0]);
  }
  return { line: 1, col: 1 };
}
