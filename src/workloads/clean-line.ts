import { plain } from '../lib/plain.ts';

/** Fits whatever begins like a JWT, so that nothing is looked at twice: callers have a say in what programs write down. */
const jwtLike = /\beyJ[\w-]*(?:\.[\w-]*){0,4}/g;
/** The second part of an encrypted one may be empty (RFC 7516 §5.1). */
const jwt = /^eyJ[\w-]{5,}\.\.?[\w-]/;

/** A command's line for the log: no control characters, which could move a terminal's cursor, and no bearer tokens, which
 * programs that log the headers they get write down. The payload of a JWT is as good as the token to some readers, so
 * nothing of it stays.
 */
export function cleanLine(line: string): string {
  return plain(line)
    .replaceAll(jwtLike, (found) => (jwt.test(found) ? '(token removed)' : found))
    .replaceAll(/\b(Bearer|DPoP|Basic) +[\w~+/.=-]{8,}/gi, '$1 (removed)');
}
