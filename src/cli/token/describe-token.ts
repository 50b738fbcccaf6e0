import type { JwtParts } from '../../lib/jwt-parts.ts';
import { plain } from '../../lib/plain.ts';

const minuteSeconds = 60;
const hourSeconds = 3600;
const daySeconds = 86_400;

/** What is in a token, for people: who issued it, for whom, for what, how long; then what is odd about it. The signature
 * is never part of it: without it the text is no token.
 */
export function describeToken(
  { header, claims }: JwtParts,
  nowSeconds: number,
): { lines: string[]; warnings: string[] } {
  const shown = new Set([
    'iss',
    'aud',
    'sub',
    'scp',
    'scope',
    'cid',
    'client_id',
    'azp',
    'iat',
    'nbf',
    'exp',
    'auth_time',
  ]);
  const rows: [string, string | undefined][] = [
    ['algorithm', text(header['alg'])],
    ['key', text(header['kid'])],
    ['type', text(header['typ'])],
    ['issuer', text(claims['iss'])],
    ['audience', text(claims['aud'])],
    ['subject', text(claims['sub'])],
    ['client', text(claims['cid'] ?? claims['client_id'] ?? claims['azp'])],
    ['scopes', scopesOf(claims)],
    ['issued', time(claims['iat'], nowSeconds, ['', ' ago'])],
    ['signed in', time(claims['auth_time'], nowSeconds, ['', ' ago'])],
    ['valid from', time(claims['nbf'], nowSeconds, ['in ', ' ago'])],
    ['expires', time(claims['exp'], nowSeconds, ['expires in ', ' ago'])],
  ];
  const others = Object.entries(claims).filter(([name]) => !shown.has(name));
  const all = [...rows, ...others.map(([name, value]): [string, string | undefined] => [plain(name), text(value)])];
  const known = all.filter((row): row is [string, string] => row[1] !== undefined);
  const width = Math.max(...known.map(([name]) => Math.min(name.length, 24)));
  return {
    lines: known.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    warnings: findOddities({ header, claims }, nowSeconds),
  };
}

/** Values come from anybody: on one line, without control characters, bounded. */
function text(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const isList = Array.isArray(value) && value.every((item) => typeof item === 'string');
  const whole = typeof value === 'string' ? value : isList ? value.join(', ') : toJson(value);
  const line = plain(whole);
  return line.length > 300 ? `${line.slice(0, 300)}… (${whole.length} characters)` : line;
}

/** Whoever writes a token can nest deeper than it can be written out again. */
function toJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return '(too deep to show)';
    throw error;
  }
}

function scopesOf(claims: JwtParts['claims']): string | undefined {
  return text(claims['scp'] ?? (typeof claims['scope'] === 'string' ? claims['scope'].split(' ') : claims['scope']));
}

/** `2026-11-22T10:15:00Z (expires in 12 min)`. */
function time(value: unknown, nowSeconds: number, [ahead, behind]: readonly [string, string]): string | undefined {
  if (value === undefined) return undefined;
  const date = typeof value === 'number' ? new Date(value * 1000) : undefined;
  if (date === undefined || typeof value !== 'number' || Number.isNaN(date.getTime()))
    return `${text(value) ?? ''} (not a time)`;
  const iso = date.toISOString().replace('.000Z', 'Z');
  const distance = value - nowSeconds;
  return `${iso} (${distance >= 0 ? ahead : ''}${formatDuration(Math.abs(distance))}${distance < 0 ? behind : ''})`;
}

function formatDuration(seconds: number): string {
  if (seconds < 2 * minuteSeconds) return `${Math.round(seconds)} s`;
  if (seconds < 2 * hourSeconds) return `${Math.round(seconds / minuteSeconds)} min`;
  if (seconds < 2 * daySeconds) return `${Math.round(seconds / hourSeconds)} h`;
  return `${Math.round(seconds / daySeconds)} days`;
}

function findOddities({ header, claims }: JwtParts, nowSeconds: number): string[] {
  const odd: string[] = [];
  const { alg } = header;
  const { exp, nbf, iat } = claims;
  if (typeof alg !== 'string') odd.push('It names no algorithm; nobody should take it.');
  else if (alg.toLowerCase() === 'none') odd.push('It is unsigned (alg none): anybody could have written it.');
  else if (alg.startsWith('HS'))
    odd.push(`It is signed with a shared secret (${plain(alg)}); Usher does not take such tokens.`);
  if (exp === undefined) odd.push('It never expires: it has no exp.');
  else if (typeof exp === 'number' && exp <= nowSeconds) odd.push('It has expired.');
  if (typeof nbf === 'number' && nbf > nowSeconds) odd.push('It is not valid yet.');
  if (typeof iat === 'number' && iat > nowSeconds + minuteSeconds)
    odd.push('It was issued in the future: clocks differ.');
  if (typeof exp === 'number' && typeof iat === 'number' && exp - iat > daySeconds)
    odd.push('It lives for more than a day.');
  for (const name of ['iss', 'aud', 'sub']) if (claims[name] === undefined) odd.push(`It has no ${name}.`);
  if ('nonce' in claims || 'at_hash' in claims) odd.push('It looks like an ID token, which is not for services.');
  return odd;
}
