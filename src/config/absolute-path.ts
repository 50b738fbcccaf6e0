import { resolve } from 'node:path';
import type { SettingMeta } from '../model/setting.ts';

/** A setting that is a path, or begins with one, as it stands wherever Usher is started.
 * @param folder what it is relative to
 */
export function absolutePath(text: string, path: SettingMeta['path'], folder: string): string {
  if (path === undefined || text === '-' || text === '') return text;
  if (path === true) return resolve(folder, text);
  // A colon may belong to a drive of Windows.
  const [, source = '', rest = ''] = /^((?:[A-Za-z]:[\\/])?[^:]*)(.*)$/s.exec(text) ?? [];
  return /[\\/]/.test(source) && !source.startsWith('~') ? `${resolve(folder, source)}${rest}` : text;
}
