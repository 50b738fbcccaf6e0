import { stringify } from 'yaml';
import { isSecret } from './leaves.ts';
import type { LoadedConfig, SettingInUse } from './load.ts';
import { formatPath, setOwn, type Tree } from './path.ts';
import { formatSource } from './source.ts';

/** The configuration in use as YAML, secrets and the environment of commands masked. */
export function showConfig({ config, settings }: LoadedConfig): string {
  const hidden = new Set(settings.filter(({ leaf }) => leaf.kind === 'map').map(({ path }) => formatPath(path)));
  return stringify(mask(config, '', hidden), { lineWidth: 0 });
}

/** Every setting on a line of its own: path, value, and who said so. */
export function showSources({ settings }: LoadedConfig): string {
  const rows = [...settings]
    .sort((a, b) => serverOf(a).localeCompare(serverOf(b)))
    .filter(({ value, source }) => value !== undefined || source.kind !== 'default')
    .map((setting) => [formatPath(setting.path), showValue(setting), formatSource(setting.source)] as const);
  const widths = [0, 1].map((column) => Math.min(60, Math.max(...rows.map((row) => row[column]?.length ?? 0))));
  return rows
    .map(([path, value, source]) => `${path.padEnd(widths[0] ?? 0)}  ${value.padEnd(widths[1] ?? 0)}  ${source}`)
    .join('\n');
}

/** Settings of the whole gateway come first, then each server's together. */
function serverOf({ leaf, path }: SettingInUse): string {
  return leaf.scope === 'server' ? String(path[1]) : '';
}

function showValue({ leaf, value }: SettingInUse): string {
  if (leaf.kind === 'secret') return '[secret]';
  if (leaf.kind === 'map') {
    const names = Object.keys(value ?? {});
    return names.length === 0 ? 'none' : `[hidden] ${names.join(', ')}`;
  }
  return Array.isArray(value) ? value.join(', ') || 'none' : String(value);
}

function mask(value: unknown, path: string, hidden: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((item, index) => mask(item, `${path}[${index}]`, hidden));
  if (typeof value !== 'object' || value === null) return value;
  if (isSecret(value)) return value.toString();
  const copy: Tree = {};
  for (const [key, inner] of Object.entries(value)) {
    const name = path === '' ? key : `${path}.${key}`;
    setOwn(copy, key, hidden.has(path) ? '[hidden]' : mask(inner, name, hidden));
  }
  return copy;
}
