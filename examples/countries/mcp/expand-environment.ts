import { parse } from 'yaml';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Replaces `${env.NAME}` and `${env.NAME:-default}` in a string and `$$` by `$`, as Apollo's server does: an empty
 * variable counts as not set. What is not set and has no default is named in `missing` and left as it is. */
export function expandEnvironment(text: string, environment: Environment): { text: string; missing: string[] } {
  const missing: string[] = [];
  const expanded = text.replaceAll(
    /\$\$|\$\{env\.([^}:]+)(?::-([^}]*))?\}/g,
    (whole, name: string | undefined, fallback: string | undefined) => {
      if (name === undefined) return '$';
      const value = environment[name] || fallback;
      if (value !== undefined) return value;
      missing.push(name);
      return whole;
    },
  );
  return { text: expanded, missing };
}

/** Reads an expanded string as YAML reads a plain word: true, 8000 and null change their type, all else stays text. */
export function coerceScalar(text: string): string | number | boolean | null {
  try {
    const value: unknown = parse(text);
    return typeof value === 'number' || typeof value === 'boolean' || value === null ? value : text;
  } catch {
    return text;
  }
}
