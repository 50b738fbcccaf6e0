import { resolve } from 'node:path';
import { apiRegistry, type ApiOptions } from './api-registry.ts';
import { catalogueRegistry, readRegistryFile } from './listed-registry.ts';
import type { Registry } from './registry.ts';

/** The registry of the protocol's own project. */
const officialUrl = 'https://registry.modelcontextprotocol.io';

/** Opens registries by what people call them: `catalogue`, `official`, a URL, a file. The catalogue where nobody names one.
 * @throws UsherError registry_unusable
 */
export async function openRegistries(names: readonly string[], options: ApiOptions = {}): Promise<readonly Registry[]> {
  const wanted = names.length === 0 ? ['catalogue'] : names;
  return Promise.all(wanted.map((name) => open(name, options)));
}

async function open(name: string, options: ApiOptions): Promise<Registry> {
  if (name === 'catalogue') return catalogueRegistry();
  if (name === 'official') return apiRegistry(officialUrl, options);
  if (/^https?:\/\//i.test(name) && URL.canParse(name)) return apiRegistry(name, options);
  return readRegistryFile(resolve(name));
}
