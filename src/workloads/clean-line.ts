import { plain } from '../lib/plain.ts';

/** A command's line for the log: no control characters, which could move a terminal's cursor, and no bearer tokens, which
 * programs that log the headers they get write down. The payload of a JWT is as good as the token to some readers, so
 * nothing of it stays.
 */
export function cleanLine(line: string): string {
  return plain(line)
    .replaceAll(/\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*){0,3}/g, '(token removed)')
    .replaceAll(/\b(Bearer|DPoP|Basic) +[\w~+/.=-]{8,}/gi, '$1 (removed)');
}
