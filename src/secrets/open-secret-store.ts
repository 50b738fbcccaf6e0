import { adviseWriting, describe } from '../lib/describe-error.ts';
import { holdLock } from '../lib/hold-lock.ts';
import { writeStateFile } from '../lib/state-file.ts';
import { Secret } from '../model/secret.ts';
import type { SecretStore } from '../model/secret-store.ts';
import { fail } from '../model/usher-error.ts';
import { findKey, makeKey } from './keys/find-key.ts';
import { keyringTitle } from './keys/keyring.ts';
import type { KeySpec } from './keys/key-spec.ts';
import { type Environment, findPlaces, type Places } from './places.ts';
import { type Content, openSealedFile, readSealedFile, sealContent } from './sealed-file.ts';
import { StoreTrouble } from './store-trouble.ts';

const lockTimeoutMs = 15_000;

/** What there is to say about a store without opening it. */
export interface StoreStatus {
  readonly path: string;
  /** Undefined where there is no store yet. */
  readonly key: string | undefined;
}

/** The store of this user: one encrypted file, whose key a password, the keyring or another file keeps
 * (docs/decisions/0024-secret-store.md). Nothing is made before something is put into it.
 */
export function openSecretStore(environment: Environment): SecretStore & { status(): StoreStatus } {
  const places = findPlaces(environment);
  return new FileStore(places);
}

interface Opened {
  readonly spec: KeySpec;
  readonly key: string;
  readonly content: Content;
}

class FileStore implements SecretStore {
  readonly path: string;
  readonly #places: Places;
  /** Keys that were had already, by what the file says of them: a password takes its time. */
  readonly #keys = new Map<string, string>();

  constructor(places: Places) {
    this.path = places.file;
    this.#places = places;
  }

  find(name: string): Secret | undefined {
    return this.#orFail(() => {
      const content = this.#open()?.content ?? {};
      const found = Object.hasOwn(content, name) ? content[name] : undefined;
      return found === undefined ? undefined : new Secret(found.value);
    });
  }

  list() {
    const content = this.#orFail(() => this.#open()?.content ?? {});
    return Object.entries(content)
      .map(([name, { changedAt }]) => ({ name, changedAt }))
      .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }

  async put(name: string, secret: Secret): Promise<void> {
    const entry = { value: secret.reveal(), changedAt: new Date().toISOString() };
    await this.#change((content) => ({ ...content, [name]: entry }));
  }

  async remove(name: string): Promise<boolean> {
    let wasThere = false;
    // Nothing is made for what is not there.
    if (this.#orFail(() => readSealedFile(this.path)) === undefined) return false;
    await this.#change((content) => {
      wasThere = Object.hasOwn(content, name);
      return wasThere ? Object.fromEntries(Object.entries(content).filter(([key]) => key !== name)) : undefined;
    });
    return wasThere;
  }

  status(): StoreStatus {
    const key = this.#orFail(() => readSealedFile(this.path))?.key;
    return { path: this.path, key: key === undefined ? undefined : describeKey(key, this.#places) };
  }

  #open(): Opened | undefined {
    const sealed = readSealedFile(this.path);
    if (sealed === undefined) return undefined;
    const name = JSON.stringify(sealed.key);
    const known = this.#keys.get(name);
    const key = known ?? findKey(sealed.key, this.#places);
    const content = openSealedFile(sealed, key);
    this.#keys.set(name, key);
    return { spec: sealed.key, key, content };
  }

  /** Alone among all processes of this user: what others put there meanwhile stays. */
  async #change(change: (content: Content) => Content | undefined): Promise<void> {
    try {
      await using lock = await holdLock(`${this.path}.lock`, { timeoutMs: lockTimeoutMs });
      if (lock === undefined) {
        const reason = `it is locked: another Usher has been writing it for more than ${lockTimeoutMs / 1000} s`;
        throw new StoreTrouble(reason, `Try again; when none runs any more, remove ${this.path}.lock`);
      }
      const opened = this.#open() ?? { ...(await makeKey(this.#places)), content: {} };
      const after = change(opened.content);
      if (after !== undefined) await writeStateFile(this.path, sealContent(opened.spec, opened.key, after));
    } catch (cause) {
      throw this.#refusal(cause);
    }
  }

  #orFail<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw this.#refusal(cause);
    }
  }

  #refusal(cause: unknown): Error {
    const trouble =
      cause instanceof StoreTrouble
        ? cause
        : new StoreTrouble(
            `it cannot be written: ${describe(cause)}`,
            `${adviseWriting(cause, 'Mend the permissions of the file and its folder')}, or name another file with USHER_SECRETS_FILE`,
          );
    const { message: reason, advice } = trouble;
    return fail('secret_store_unusable', { path: this.path, reason, advice }, { cause });
  }
}

function describeKey(spec: KeySpec, { keyFile }: Places): string {
  if (spec.from === 'password') return 'a password (USHER_SECRETS_PASSWORD_FILE or USHER_SECRETS_PASSWORD)';
  return spec.from === 'keyring' ? keyringTitle() : `the file ${keyFile}`;
}
