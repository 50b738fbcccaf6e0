/** What `usher run` is asked to put Usher in front of. */
export type Target =
  | { readonly kind: 'url'; readonly url: string }
  /** A package that its runner fetches: `npx:NAME`, `uvx:NAME`, `go:PATH`; other gateways write `npx://NAME`. */
  | { readonly kind: 'package'; readonly runner: 'npx' | 'uvx' | 'go'; readonly name: string }
  /** A container image: a name with a registry, a path, a tag or a digest; or after `docker://`. */
  | { readonly kind: 'image'; readonly image: string }
  /** A name to look up. */
  | { readonly kind: 'name'; readonly name: string };

const runners = ['npx', 'uvx', 'go'] as const;

/** Tells by the form alone; whether it exists is not asked. */
export function parseTarget(text: string): Target {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):(?:\/\/)?(.*)$/is.exec(text) ?? [];
  const runner = runners.find((one) => one === scheme.toLowerCase());
  if (runner !== undefined) return { kind: 'package', runner, name: rest };
  if (/^(?:docker|oci):\/\//i.test(text)) return { kind: 'image', image: rest };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return { kind: 'url', url: text };
  return /[/:@]/.test(text) ? { kind: 'image', image: text } : { kind: 'name', name: text };
}
