import { stringify } from 'yaml';
import { z } from 'zod';
import type { Secret } from '../model/secret.ts';
import { type SettingMeta, settings } from '../model/setting.ts';
import { absolutePath } from './absolute-path.ts';
import { isSecret, strategyOf, unwrap } from './leaves.ts';
import { formatPath, isTree, setOwn, type Tree } from './path.ts';
import { sameSettings } from './same-settings.ts';
import { type Config, configSchema } from './schema.ts';
import { findSecretPlace, type SecretPlace } from './secret-forms.ts';

/** Says where a secret is kept that nobody could read again. `path` is as people write it: `servers.apollo.credential.clientSecret`. */
export type PlaceSecret = (secret: Secret, path: string) => SecretPlace;

export interface WriteOptions {
  /** What relative paths among the settings are relative to. */
  readonly folder: string;
  readonly place: PlaceSecret;
}

/** A configuration as the text of a file that means the same: without what holds anyway, paths absolute, secrets by where
 * they stand.
 */
export function writeConfig(config: Config, options: WriteOptions): string {
  const tree = lean(configSchema, config, { ...options, path: [] });
  return stringify(tree, { lineWidth: 0 });
}

interface Place extends WriteOptions {
  readonly isPath?: SettingMeta['path'];
  readonly path: readonly (string | number)[];
}

function lean(schema: z.core.$ZodType, value: unknown, place: Place): unknown {
  const inner = unwrap(schema);
  // Items of a list are what the list is.
  const meta = [schema, inner].map((one) => (one instanceof z.ZodType ? settings.get(one) : undefined));
  const isPath = place.isPath ?? meta.find((one) => one !== undefined)?.path;
  if (typeof value === 'string') return absolutePath(value, isPath, place.folder);
  if (inner instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((item, index) => lean(inner.element, item, { ...place, isPath, path: [...place.path, index] }));
  }
  if (!isTree(value) || isSecret(value)) return value;
  if (inner instanceof z.ZodRecord) return eachKey(value, place, (_, one, at) => lean(inner.valueType, one, at));
  if (inner instanceof z.ZodDiscriminatedUnion) {
    const member = inner.options.find((option) => strategyOf(option) === value['strategy']);
    return member instanceof z.ZodObject ? leanObject(member, value, { place, isMember: true }) : value;
  }
  return inner instanceof z.ZodObject ? leanObject(inner, value, { place, isMember: false }) : value;
}

/** @param of.isMember does its strategy say which of several it is? Then that stays, whether it goes without saying or not */
function leanObject(
  { shape }: z.ZodObject,
  value: Tree,
  { place, isMember }: { place: Place; isMember: boolean },
): Tree {
  return eachKey(withoutResolved(value), place, (key, one, at) => {
    const schema = shape[key];
    if (!(schema instanceof z.ZodType)) return one;
    if (isMember && key === 'strategy') return one;
    const byDefault = schema.safeParse(undefined);
    if (byDefault.success && sameSettings(byDefault.data, one)) return undefined;
    return lean(schema, one, at);
  });
}

/** Secrets of the secret store stand in the environment of a server that is run here, once they were read
 * (resolve-secret-env.ts): they are named, not written down.
 */
function withoutResolved(value: Tree): Tree {
  const { env, secretEnv } = value;
  if (!isTree(env) || !isTree(secretEnv)) return value;
  return { ...value, env: Object.fromEntries(Object.entries(env).filter(([name]) => !Object.hasOwn(secretEnv, name))) };
}

/** The same keys with other values; those without a value are left out, secrets become where they stand. */
function eachKey(value: Tree, place: Place, change: (key: string, one: unknown, at: Place) => unknown): Tree {
  const copy: Tree = {};
  for (const [key, one] of Object.entries(value)) {
    const at = { ...place, path: [...place.path, key] };
    if (isSecret(one)) {
      const { ending, text } = findSecretPlace(one) ?? place.place(one, formatPath(at.path));
      setOwn(copy, `${key}${ending}`, text);
      continue;
    }
    const changed = change(key, one, at);
    if (changed !== undefined) setOwn(copy, key, changed);
  }
  return copy;
}
