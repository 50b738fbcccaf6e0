import { compileNames } from '../../lib/compile-names.ts';

/** The scopes a tool needs, by its name: those of every pattern that fits it. */
export function buildToolScopes(
  tools: Readonly<Record<string, readonly string[]>>,
): (tool: string) => readonly string[] {
  const entries = Object.entries(tools).map(([pattern, scopes]) => ({ fits: compileNames([pattern]), scopes }));
  return (tool) => entries.flatMap(({ fits, scopes }) => (fits(tool) ? scopes : []));
}
