import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Machine } from '../clients/machine.ts';
import { readConfigFile } from '../config/config-file.ts';
import { isTree } from '../config/path.ts';
import { listNames } from './look-at-server.ts';
import { auditFile, placeOf } from './places.ts';

/** Audit trails of the servers that are here, as their settings name them, then those that servers left which are gone.
 * A file may not be there yet. Settings that cannot be read name none: whoever asks wants to know of a call, not of them.
 * @returns absolute paths, each once; empty where nothing was run
 * @throws UsherError server_state_unusable
 */
export async function findAuditFiles(machine: Machine): Promise<readonly string[]> {
  const named = (await listNames(machine)).map((name) => namedFile(placeOf(machine, name).settings));
  const folder = dirname(auditFile(machine, 'any'));
  const left = await readdir(folder).catch((): string[] => []);
  const files = left.filter((base) => base.endsWith('.jsonl')).map((base) => join(folder, base));
  return [...new Set([...named.filter((file) => file !== undefined), ...files.toSorted()])];
}

/** What a server's settings say; undefined where the trail goes to stdout. */
function namedFile(settings: string): string | undefined {
  const { audit } = readConfigFile(settings).tree;
  const file = isTree(audit) ? audit['file'] : undefined;
  return typeof file === 'string' && file !== '-' ? file : undefined;
}
