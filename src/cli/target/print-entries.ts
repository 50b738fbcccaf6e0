import { plain } from '../../lib/plain.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Entry } from '../../registry/server-document.ts';
import { layOut } from '../clients/describe-clients.ts';
import { note, print, printJson } from '../print.ts';

/** Nobody reads more on a terminal; a search tells them apart. */
const most = 1_000;
const longestDescription = 80;

/** Prints the servers of registries that have a text in their names; the exit code.
 * @throws UsherError registry_unusable
 */
export async function printEntries(
  registries: readonly Registry[],
  { text, isJson }: { text: string; isJson: boolean },
): Promise<number> {
  const entries = (await Promise.all(registries.map((registry) => registry.search(text, most)))).flat();
  if (isJson) printJson({ servers: entries.map(({ server, source, status }) => ({ source, status, server })) });
  else if (entries.length === 0)
    note(`No server has ${JSON.stringify(text)} in its name; --registry official asks more`);
  else print(layOut([['name', 'version', 'runs', 'what it is'], ...entries.map(describeEntry)]).join('\n'));
  return entries.length === 0 ? 1 : 0;
}

function describeEntry({ server, status }: Entry): string[] {
  const { name, version, packages = [], remotes = [], description } = server;
  const kinds = new Set([
    ...packages.map(({ registryType }) => registryType),
    ...(remotes.length > 0 ? ['remote'] : []),
  ]);
  const standing = status === undefined || status === 'active' ? '' : ` (${status})`;
  const words = plain(description).trim();
  const short = words.length > longestDescription ? `${words.slice(0, longestDescription)}…` : words;
  return [name, plain(version), plain([...kinds].join(', ')), plain(`${short}${standing}`)];
}
