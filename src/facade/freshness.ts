/** A document is kept for so long at least and at most, whatever it says (draft …-03 §5.2 lets a server set both). */
const leastMs = 300_000;
const mostMs = 86_400_000;

/** For how long an answer may be used again (RFC 9111 §4.2.1, as a shared cache), within bounds: in ms from now. 0 when its server
 * wants it asked for each time.
 */
export function freshnessMs(headers: Headers, nowMs: number): number {
  const directives = new Map(
    (headers.get('cache-control') ?? '').split(',').map((part) => {
      const [name = '', value = ''] = part.split('=');
      return [name.trim().toLowerCase(), value.trim().replaceAll('"', '')] as const;
    }),
  );
  if (directives.has('no-store') || directives.has('no-cache') || directives.has('private')) return 0;
  const age = Number(headers.get('age') ?? 0);
  const givenMs = readLifeMs(directives, headers, nowMs) - (age > 0 ? age * 1000 : 0);
  return Math.min(mostMs, Math.max(leastMs, givenMs));
}

function readLifeMs(directives: ReadonlyMap<string, string>, headers: Headers, nowMs: number): number {
  const seconds = directives.get('s-maxage') ?? directives.get('max-age');
  if (seconds !== undefined) return /^\d{1,9}$/.test(seconds) ? Number(seconds) * 1000 : 0;
  const expires = Date.parse(headers.get('expires') ?? '');
  const date = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(expires) ? 0 : expires - (Number.isNaN(date) ? nowMs : date);
}
