import { createHash } from 'node:crypto';
import type { LoadedConfig } from '../../config/load.ts';
import { formatPath } from '../../config/path.ts';
import { reportProblems } from '../../config/report.ts';
import type { Config } from '../../config/schema.ts';
import { formatSource } from '../../config/source.ts';
import { writeConfig } from '../../config/write-config.ts';
import type { Secret } from '../../model/secret.ts';
import type { SecretStore } from '../../model/secret-store.ts';

/** A configuration as a file, and the secrets it names that have to be put into the secret store for that. */
export interface Lasting {
  readonly text: string;
  readonly secrets: ReadonlyMap<string, Secret>;
}

/** The configuration of a server as a file that can be read again by whoever starts it next: a secret that was given by itself, or in
 * a variable, is named by where it will be kept.
 * @throws UsherError secret_store_unusable
 */
export function writeLasting(
  config: Config,
  { name, folder, store }: { name: string; folder: string; store: SecretStore },
): Lasting {
  const secrets = new Map<string, Secret>();
  const text = writeConfig(config, {
    folder,
    place: (secret, path) => {
      const kept = nameKept(name, path, secret, store);
      secrets.set(kept, secret);
      return { ending: 'Ref', text: kept };
    },
  });
  return { text, secrets };
}

/** Puts them there. */
export async function keepSecrets(store: SecretStore, secrets: Lasting['secrets']): Promise<void> {
  for (const [name, secret] of secrets) await store.put(name, secret);
}

/** Takes them out again. */
export async function dropSecrets(store: SecretStore, names: Iterable<string>): Promise<void> {
  for (const name of names) await store.remove(name);
}

/** What a secret of a server is called in the secret store.
 * @param path of its setting: `servers.apollo.credential.clientSecret`, or without the server
 */
export function nameKept(server: string, path: string, secret: Secret, store: SecretStore): string {
  return freeName(nameSecret(server, path), secret, store);
}

const longestName = 96;

/** `server.apollo.credential.clientSecret` */
function nameSecret(server: string, path: string): string {
  const own = path.startsWith(`servers.${server}.`) ? path.slice(`servers.${server}.`.length) : path;
  const name = `server.${server}.${own.replaceAll(/\[(\d+)\]/g, '.$1')}`;
  if (name.length <= longestName) return name;
  return `${name.slice(0, longestName - 17)}.${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
}

/** What people put there under such a name stays theirs. */
function freeName(name: string, secret: Secret, store: SecretStore): string {
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name}-${number}`;
    const found = store.find(candidate);
    if (found === undefined || found.reveal() === secret.reveal()) return candidate;
  }
}

/** A server in the background has no stdout: without a word about it, the audit trail goes into a file of the state folder.
 * @throws UsherError config_invalid when stdout was asked for
 */
export function placeAudit({ config, settings }: LoadedConfig, file: string): Config {
  if (config.audit.file !== '-') return config;
  const source = settings.find(({ path }) => formatPath(path) === 'audit.file')?.source;
  if (source !== undefined && source.kind !== 'default') {
    const what = 'is -, which is stdout: a server in the background has none; give a file, or add --foreground';
    throw reportProblems([{ where: formatSource(source), what }]);
  }
  return { ...config, audit: { ...config.audit, file } };
}
