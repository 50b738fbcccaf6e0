import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { isObject } from '../lib/is-object.ts';
import type { Remark } from './import-plan.ts';
import { type RunConfig, runConfigSchema } from './run-config.ts';

const knownVersion = 'v0.1.0';

export interface ParsedRunConfig {
  /** Undefined when the file cannot be used at all. */
  readonly config: RunConfig | undefined;
  readonly blocked: readonly Remark[];
  readonly problems: readonly Remark[];
}

/** Reads the text of a run configuration: JSON, or the same in YAML. What it does not know is in `blocked`, and not in the
 * configuration.
 */
export function parseRunConfig(text: string): ParsedRunConfig {
  const read = readText(text);
  if (read.problem !== undefined) return broken(`is neither JSON nor YAML: ${read.problem}`);
  const found = withoutNulls(read.value);
  if (!isObject(found)) return broken('is no run configuration: expected an object with name, image and so on');
  if ('kind' in found && 'apiVersion' in found)
    return broken('is a resource of Kubernetes; export it without --format k8s');
  if (!('name' in found) && !('image' in found) && !('remote_url' in found))
    return broken('is no run configuration: it has no name, no image and no remote_url');
  const { remote_auth_config: login, schema_version: version = '' } = found;
  const value = { ...found, ...(isObject(login) ? { remote_auth_config: inNewForm(login) } : {}) };
  const blocked: Remark[] = [];
  if (version !== '' && version !== knownVersion)
    blocked.push({ key: 'schema_version', what: `is ${JSON.stringify(version)}, and only ${knownVersion} is known` });
  return { ...readKnown(value, blocked), blocked };
}

function readText(text: string): { readonly value?: unknown; readonly problem?: string } {
  const document = parseDocument(text, { uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) return { problem: error.message.split('\n')[0] ?? '' };
  try {
    // Nobody exports aliases, and they are how a small text becomes a large value.
    return { value: document.toJS({ maxAliasCount: 0 }) };
  } catch {
    return { problem: 'it has aliases' };
  }
}

function broken(what: string): ParsedRunConfig {
  return { config: undefined, blocked: [], problems: [{ key: '', what }] };
}

function readKnown(value: Record<string, unknown>, blocked: Remark[]): Omit<ParsedRunConfig, 'blocked'> {
  const parsed = runConfigSchema.safeParse(value);
  if (parsed.success) return { config: parsed.data, problems: [] };
  const problems: Remark[] = [];
  for (const issue of parsed.error.issues) {
    if (issue.code !== 'unrecognized_keys') {
      problems.push({ key: formatKey(issue.path), what: describe(issue) });
      continue;
    }
    for (const key of issue.keys) {
      const what = 'is not known; nobody can say whether it keeps somebody out';
      blocked.push({ key: formatKey([...issue.path, key]), what });
      remove(value, [...issue.path, key]);
    }
  }
  const again = problems.length > 0 ? undefined : runConfigSchema.safeParse(value);
  return { config: again?.data, problems };
}

/** Values are not said: secrets are among them. */
export function describe(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_type'
    ? `is not what it should be: expected ${issue.expected}`
    : 'is not as it should be';
}

export function formatKey(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}

function remove(value: unknown, path: readonly PropertyKey[]): void {
  const [key, ...rest] = path;
  if (key === undefined || typeof value !== 'object' || value === null) return;
  if (rest.length === 0) Reflect.deleteProperty(value, key);
  else remove(Reflect.get(value, key), rest);
}

/** In Go null, for a list or a group, means that there is none. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => (one === null ? [] : [[key, withoutNulls(one)]])),
  );
}

/** `ClientSecretFile`, as older versions wrote it, is `client_secret_file`. */
function inNewForm(group: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (!('ClientID' in group)) return group;
  return Object.fromEntries(
    Object.entries(group).map(([key, one]) => [
      key
        .replaceAll(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '_')
        .toLowerCase()
        .replace('o_auth', 'oauth'),
      one,
    ]),
  );
}
