import type { FormatName } from '../client.ts';
import type { Format } from './format.ts';

/** Loads a format with its parser: no command needs all of them. */
export async function loadFormat(name: FormatName): Promise<Format> {
  if (name === 'json') return (await import('./json.ts')).json;
  if (name === 'yaml') return (await import('./yaml.ts')).yaml;
  return (await import('./toml.ts')).toml;
}
