import { isObject } from './is-object.ts';
import { parseJson } from './parse-json.ts';

/** The object that a JSON text is; undefined for everything else. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  const value = parseJson(text);
  return isObject(value) ? value : undefined;
}
