import { fail } from '../model/usher-error.ts';
import { type Package, spellPackage } from './package.ts';
import { runTool, type ToolResult, type ToolRun } from './tool.ts';

/** Where a fetcher works, and for how long. */
export interface FetchGift {
  /** Its own, empty. */
  readonly folder: string;
  /** May code of packages run while they are fetched? */
  readonly allowsScripts: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
}

/** What is to be run. */
export interface Fetched {
  readonly command: readonly string[];
  /** Packages whose install scripts would have run, or did. */
  readonly scripts: readonly string[];
}

/** Fetches packages of one runner. */
export interface Fetcher {
  /** Which version is meant now.
   * @throws UsherError package_failed, runner_missing; the signal's reason
   */
  findVersion(wanted: Package, gift: FetchGift): Promise<string>;
  /** Puts the package of exactly this version, with all it needs, into the folder.
   * @throws UsherError package_failed, runner_missing; the signal's reason
   */
  fetch(wanted: Package & { readonly version: string }, gift: FetchGift): Promise<Fetched>;
}

/** Runs the tool of a fetcher for a package.
 * @throws UsherError package_failed, with the tool's own words, when it did not do it
 */
export async function ask(
  tool: string,
  wanted: Package,
  { advice, ...run }: Omit<ToolRun, 'label'> & { readonly advice?: (errors: string) => string | undefined },
): Promise<ToolResult> {
  const label = spellPackage(wanted);
  const result = await runTool(tool, { label, ...run });
  if (result.isGood) return result;
  const errors = pickWords(result.errors);
  throw fail('package_failed', {
    package: label,
    reason: errors === '' ? `${tool} failed and did not say why` : `${tool} says: ${errors}`,
    advice: advice?.(errors) ?? 'Check its name and version, and whether its registry can be reached from here',
  });
}

/** What a tool said went wrong, in one line: npm begins each of its lines with `npm error` and the status, and ends with advice
 * that is not for people who only wanted a server.
 */
export function pickWords(lines: readonly string[]): string {
  const words = lines
    .filter((line) => !/^npm (?:warn|notice)\b/i.test(line))
    .map((line) => line.replace(/^npm (?:error|ERR!)\s*(?:\d{3}\b\s*)?/, '').trim())
    .filter(
      (line) => line !== '' && !/^A complete log of this run|^Note that you can also|^tarball, folder/.test(line),
    );
  return (words.length > 0 ? words : lines).join(' ');
}

/** @throws UsherError package_failed */
export function failPackage(wanted: Package, reason: string, advice: string): Error {
  return fail('package_failed', { package: spellPackage(wanted), reason, advice });
}
