import type { Secret } from '../model/secret.ts';
import type { SecretStore } from '../model/secret-store.ts';

/** A store that forgets, for gateways that are not to leave anything behind. */
export function buildMemorySecrets(): SecretStore {
  const secrets = new Map<string, { readonly secret: Secret; readonly changedAt: string }>();
  return {
    path: '',
    find: (name) => secrets.get(name)?.secret,
    list: () => [...secrets].map(([name, { changedAt }]) => ({ name, changedAt })),
    put: async (name, secret) => void secrets.set(name, { secret, changedAt: new Date().toISOString() }),
    remove: async (name) => secrets.delete(name),
  };
}
