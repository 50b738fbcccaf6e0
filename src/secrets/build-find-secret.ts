import { type FindSecret, secretName, secretNameWanted, type SecretStore } from '../model/secret-store.ts';
import { UsherError } from '../model/usher-error.ts';

/** What a configuration names its secrets by. The store is opened when the first is asked for. */
export function buildFindSecret(open: () => SecretStore): FindSecret {
  let store: SecretStore | undefined;
  return (name) => {
    // Not quoted: it may be the secret itself, put into the wrong place.
    if (!secretName.test(name)) return { problem: `is no name of a secret, which is made of ${secretNameWanted}` };
    try {
      store ??= open();
      const secret = store.find(name);
      if (secret !== undefined) return { secret };
      return { problem: `names a secret that is not in ${store.path}; usher secret set NAME puts it there` };
    } catch (error) {
      if (!(error instanceof UsherError)) throw error;
      const { message, hint } = error;
      return { problem: `cannot be followed: ${message}. ${hint}` };
    }
  };
}
