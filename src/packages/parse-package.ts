import type { Package, Runner } from './package.ts';

/** What a package is called, or what is wrong with what was written. */
export type ParsedPackage = { readonly package: Package } | { readonly problem: string };

/** npm's rules for new names (docs.npmjs.com, package.json, name); Python's (packaging.python.org, name normalization) with
 * extras; Go's import paths (go.dev/ref/mod#go-mod-file-ident), which begin with a host. Nothing that a runner could take
 * for an option, a path, a URL or a repository fits.
 */
const forms: Readonly<Record<Runner, { readonly name: RegExp; readonly wanted: string }>> = {
  npx: {
    name: /^(?:@[a-z0-9~][a-z0-9._~-]*\/)?[a-z0-9~][a-z0-9._~-]*$/i,
    wanted: 'a name from npm such as npx:@scope/server@1.2.3',
  },
  uvx: {
    name: /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?(?:\[[a-z0-9](?:[a-z0-9,._-]*[a-z0-9])?\])?$/i,
    wanted: 'a name from PyPI such as uvx:server@1.2.3',
  },
  go: {
    name: /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]*[a-z0-9])+(?:\/(?![.-])[\w.~-]+)+$/i,
    wanted: 'an import path such as go:example.com/cmd/server@v1.2.3',
  },
};

/** Versions, tags and simple ranges; a word that cannot be an option or a path. */
const version = /^[\w^~][\w.+^~-]*$/;
/** Exactly one version of each: SemVer, PEP 440, Go's (with its pseudo-versions). */
const exact: Readonly<Record<Runner, RegExp>> = {
  npx: /^\d+\.\d+\.\d+(?:-[\w.-]+)?(?:\+[\w.-]+)?$/,
  uvx: /^(?:\d+!)?\d+(?:\.\d+)*(?:(?:a|b|rc)\d+)?(?:\.post\d+)?(?:\.dev\d+)?(?:\+[\w.]+)?$/i,
  go: /^v\d+\.\d+\.\d+(?:-[\w.-]+)?(?:\+incompatible)?$/,
};
const longest = 214;

/** Reads `NAME[@VERSION]` of a runner; of Python also `NAME==VERSION`. */
export function parsePackage(runner: Runner, text: string): ParsedPackage {
  const { name: nameForm, wanted } = forms[runner];
  const at = runner === 'uvx' ? text.search(/@|==/) : text.indexOf('@', 1);
  const name = at < 0 ? text : text.slice(0, at);
  const rest = at < 0 ? undefined : text.slice(at).replace(/^(?:@|==)/, '');
  if (name.length > longest || !nameForm.test(name)) return { problem: `expected ${wanted}` };
  if (rest === undefined) return { package: { runner, name, version: undefined, isPinned: false } };
  if (!version.test(rest) || rest.length > longest)
    return { problem: `has a version that cannot be read; expected ${wanted}` };
  return { package: { runner, name, version: rest, isPinned: exact[runner].test(rest) } };
}

/** Is it exactly one version, as a runner's answer has to be? */
export function isExact(runner: Runner, text: string): boolean {
  return exact[runner].test(text);
}
