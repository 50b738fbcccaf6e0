import { isServerName } from '../../servers/places.ts';

/** What `usher run` is asked to put Usher in front of. */
export type Target =
  | { readonly kind: 'url'; readonly url: string }
  /** A package that its runner fetches: `npx:NAME`, `uvx:NAME`, `go:PATH`; other gateways write `npx://NAME`. */
  | { readonly kind: 'package'; readonly runner: 'npx' | 'uvx' | 'go'; readonly name: string }
  /** A container image: a name with a registry, a path, a tag or a digest; or after `docker://`. */
  | { readonly kind: 'image'; readonly image: string }
  /** A name to look up: `server`, `io.github.owner/server`, each perhaps with `@VERSION`. */
  | { readonly kind: 'name'; readonly name: string };

const runners = ['npx', 'uvx', 'go'] as const;

/** Tells by the form alone; whether it exists is not asked. */
export function parseTarget(text: string): Target {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):(?:\/\/)?(.*)$/is.exec(text) ?? [];
  const runner = runners.find((one) => one === scheme.toLowerCase());
  if (runner !== undefined) return { kind: 'package', runner, name: rest };
  if (/^(?:docker|oci):\/\//i.test(text)) return { kind: 'image', image: rest };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return { kind: 'url', url: text };
  return isName(text) ? { kind: 'name', name: text } : { kind: 'image', image: text };
}

/** Endings of domains, with which names in registries begin and those of image registries end. */
const endings = new Set(
  'io com org net dev ai app co me eu cloud tech xyz info biz gov edu de uk fr ch at nl us ca jp'.split(' '),
);

/** An `@` begins a digest in the name of an image, a version in the name of a server. A first part is the host of an image
 * registry (`ghcr.io/x`), or a domain the other way around (`io.github.x/y`).
 */
function isName(text: string): boolean {
  const [, name = text, version] = /^(.+?)@([^@/]*)$/s.exec(text) ?? [];
  if (version?.includes(':') === true || name.includes(':') || name.includes('@')) return false;
  const [head = '', ...rest] = name.split('/');
  const labels = head.split('.');
  if (rest.length === 0) return true;
  return rest.length === 1 && labels.length > 1 && endings.has(labels[0] ?? '') && !endings.has(labels.at(-1) ?? '');
}

/** What people would call the server of a target: the last part of the name of its image, package or registry entry, without
 * version. Undefined for a URL, and where that would be no name of a server.
 */
export function findTargetName(target: Target): string | undefined {
  if (target.kind === 'url') return undefined;
  const text = target.kind === 'image' ? target.image : target.name;
  // Not the @ an npm scope begins with; a colon begins a tag only where no path follows it.
  const bare = text.replace(/(?!^)@.*$/s, '').replace(/[:[=<>~!][^/]*$/s, '');
  const name = bare.split('/').at(-1) ?? '';
  return isServerName(name) ? name : undefined;
}
