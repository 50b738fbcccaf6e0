import { plain } from '../lib/plain.ts';

const longest = 60;

/** A client's name for a page that people read: without characters that turn it around or hide something, and not long enough
 * to tell a story. Empty where there is none.
 */
export function readName(value: unknown): string {
  if (typeof value !== 'string') return '';
  const text = plain(value)
    .replaceAll(/[\p{Cf}\p{Co}\p{Cn}]/gu, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return text
    .slice(0, longest)
    .toWellFormed()
    .replace(/\ufffd$/, '');
}
