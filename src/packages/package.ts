/** Who fetches a package: npm, uv, or Go. */
export type Runner = 'npx' | 'uvx' | 'go';

/** A package that has an MCP server in it. */
export interface Package {
  readonly runner: Runner;
  readonly name: string;
  /** As asked for: a version, a tag, a range; undefined: the newest. */
  readonly version: string | undefined;
  /** Does it name exactly one version? */
  readonly isPinned: boolean;
}

/** A package as the command line spells it. */
export function spellPackage({ runner, name, version }: Pick<Package, 'runner' | 'name' | 'version'>): string {
  return `${runner}:${name}${version === undefined ? '' : `@${version}`}`;
}
