import { stringify } from 'yaml';
import { isSecret, type Segment } from './leaves.ts';
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
  const inTree = compareInTree(settings.map(({ path }) => path));
  const rows = [...settings]
    .sort((a, b) => serverOf(a).localeCompare(serverOf(b)) || inTree(a.path, b.path))
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

/** What belongs together stands together, as in a file: each entry of a list with all of its own. Groups come in the order in
 * which these paths name them first.
 */
function compareInTree(
  paths: readonly (readonly Segment[])[],
): (a: readonly Segment[], b: readonly Segment[]) => number {
  const ranks = new Map<string, number>();
  for (const [rank, path] of paths.entries()) {
    for (let length = 1; length <= path.length; length++) {
      const group = formatPath(path.slice(0, length));
      if (!ranks.has(group)) ranks.set(group, rank);
    }
  }
  return (a, b) => {
    const at = a.findIndex((segment, index) => segment !== b[index]);
    const [one, other] = [a[at], b[at]];
    if (typeof one === 'number' && typeof other === 'number') return one - other;
    const rankOf = (path: readonly Segment[]) => ranks.get(formatPath(path.slice(0, at + 1))) ?? 0;
    return rankOf(a) - rankOf(b);
  };
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
