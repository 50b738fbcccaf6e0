import { findClosest } from '../lib/closest.ts';
import { fail } from '../model/usher-error.ts';
import type { Registry } from './registry.ts';
import type { Entry } from './server-document.ts';

/** So many are looked at for one with a short name, and named where several have it. */
const lookedAt = 200;
const named = 8;

/** Finds a server by its name: `io.github.owner/server`, or the part behind the slash where only one has it; with
 * `@VERSION` that version. The first registry that knows one is asked no further: an order is an order.
 * @throws UsherError name_unknown with suggestions, name_ambiguous, registry_unusable
 */
export async function findServer(wanted: string, registries: readonly Registry[]): Promise<Entry> {
  const [, name = wanted, version] = /^(.+?)@([^@]+)$/.exec(wanted) ?? [];
  const near: string[] = [];
  const others: string[] = [];
  for (const registry of registries) {
    const found = name.includes('/')
      ? await registry.find(name, version)
      : await findShort(registry, { name, version, near, others });
    const names = new Set(found.map(({ server }) => server.name));
    if (names.size > 1) {
      const list = [...names].slice(0, named).join(', ');
      throw fail('name_ambiguous', { name, registry: registry.label, names: list });
    }
    const entry = found.at(-1);
    if (entry !== undefined) return entry;
    if (name.includes('/'))
      near.push(...(await registry.search(lastPart(name), named)).map(({ server }) => server.name));
  }
  const closest = findClosest(
    name,
    [...near, ...others].flatMap((whole) => [whole, lastPart(whole)]),
  );
  const suggestion = closest ?? near.slice(0, named).join(', ');
  throw fail('name_unknown', {
    name: wanted,
    registries: registries.map(({ label }) => label).join(', '),
    suggestion: suggestion === '' ? 'see usher registry list' : `did you mean ${suggestion}?`,
  });
}

interface ShortName {
  readonly name: string;
  readonly version: string | undefined;
  /** Takes the names of those that have it in theirs. */
  readonly near: string[];
  /** Takes all there are, where none has: one of them may be spelled alike. */
  readonly others: string[];
}

async function findShort(registry: Registry, { name, version, near, others }: ShortName): Promise<readonly Entry[]> {
  const found = await registry.search(name, lookedAt);
  const exact = found.filter(({ server }) => lastPart(server.name).toLowerCase() === name.toLowerCase());
  near.push(...found.map(({ server }) => server.name));
  if (found.length === 0) others.push(...(await registry.search('', lookedAt)).map(({ server }) => server.name));
  const [first, ...more] = new Set(exact.map(({ server }) => server.name));
  return first === undefined || version === undefined || more.length > 0 ? exact : registry.find(first, version);
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
