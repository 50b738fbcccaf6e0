import { readFile, stat } from 'node:fs/promises';
import { describe } from '../lib/describe-error.ts';
import { isObject } from '../lib/is-object.ts';
import { fail } from '../model/usher-error.ts';
import { catalogue } from './catalogue.ts';
import { parseRegistryText } from './parse-registry-text.ts';
import type { Registry } from './registry.ts';
import { type Entry, official, serverDocument, serverResponse } from './server-document.ts';

const largestFile = 16 * 1024 * 1024;

/** The catalogue that comes with Usher. */
export function catalogueRegistry(): Registry {
  return listedRegistry('catalogue', catalogue);
}

/** A file: one `server.json`, a list of them, or what a registry answers (`{ "servers": [ … ] }`).
 * @throws UsherError registry_unusable
 */
export async function readRegistryFile(path: string): Promise<Registry> {
  const text = await read(path);
  const parsed = parseRegistryText(text);
  if ('problem' in parsed) throw unusable(path, `it ${parsed.problem}`);
  const { found } = parsed;
  const listed = isObject(found) && Array.isArray(found['servers']) ? found['servers'] : found;
  const raws = Array.isArray(listed) ? listed : [listed];
  return listedRegistry(path, raws);
}

async function read(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > largestFile) throw unusable(path, `it has ${size} bytes, at most ${largestFile} are read`);
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (isObject(cause) && cause['code'] === 'registry_unusable') throw cause;
    throw unusable(path, describe(cause), cause);
  }
}

/** A registry that is all there. In a list of one's own a mistake is a mistake: it is not left out. */
function listedRegistry(label: string, raws: readonly unknown[]): Registry {
  const entries = raws.map((raw, index) => parseEntry(raw, { label, index }));
  return {
    label,
    find: (name, version) =>
      Promise.resolve(
        entries.filter(({ server }) => server.name === name && (version ?? server.version) === server.version),
      ),
    search(text, limit) {
      const wanted = text.toLowerCase();
      const isMeant = ({ server }: Entry) =>
        server.name.toLowerCase().includes(wanted) || (server.title ?? '').toLowerCase().includes(wanted);
      const newest = new Map(entries.filter(isMeant).map((entry) => [entry.server.name, entry]));
      return Promise.resolve([...newest.values()].slice(0, limit));
    },
  };
}

function parseEntry(raw: unknown, { label, index }: { label: string; index: number }): Entry {
  const wrapped = serverResponse.safeParse(raw);
  if (wrapped.success && isObject(raw)) {
    const status = wrapped.data._meta?.[official]?.status;
    return { server: wrapped.data.server, status, source: label, raw: raw['server'] };
  }
  const alone = serverDocument.safeParse(raw);
  if (alone.success) return { server: alone.data, status: undefined, source: label, raw };
  const [issue] = (isObject(raw) && 'server' in raw ? wrapped : alone).error?.issues ?? [];
  throw unusable(label, `entry ${index + 1} is no server.json: ${issue?.path.join('.')}: ${issue?.message}`);
}

function unusable(registry: string, reason: string, cause?: unknown): Error {
  const advice = 'Mend the file; its form is that of server.json of the MCP registry';
  return fail('registry_unusable', { registry, reason, advice }, { cause });
}
