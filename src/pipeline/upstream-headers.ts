import type { UpstreamCredential } from '../model/upstream-credential.ts';

/** What of the caller's headers goes upstream. Everything else stays out: cookies, credentials, forwarding and identity
 * headers in any spelling, hop-by-hop headers, and whatever is invented next.
 */
const allowed = new Set([
  'accept',
  'accept-language',
  'content-type',
  'last-event-id',
  'mcp-protocol-version',
  'mcp-session-id',
  'mcp-method',
  'mcp-name',
  'traceparent',
  'tracestate',
  'baggage',
]);
/** MCP 2026-07-28: parameters a tool mirrors into headers, unknown ones included. */
const allowedPrefix = 'mcp-param-';

/** Does a header of this name, in lower case, go upstream? */
export function isForwardable(name: string, more: ReadonlySet<string>): boolean {
  return allowed.has(name) || name.startsWith(allowedPrefix) || more.has(name);
}

/** What of one call's headers goes on beside those. */
export interface Forwarding {
  /** Named by the configuration, in lower case. */
  readonly names: ReadonlySet<string>;
  readonly dropsSession: boolean;
}

/** Builds the upstream request's headers (name, value, …) from nothing, the credential last. */
export function buildUpstreamHeaders(
  rawHeaders: readonly string[],
  { header }: UpstreamCredential,
  { names, dropsSession }: Forwarding,
): string[] {
  const headers: string[] = [];
  let hasContentType = false;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    const value = rawHeaders[index + 1];
    if (value === undefined || !isForwardable(name, names)) continue;
    if (dropsSession && name === 'mcp-session-id') continue;
    // The one that carries the credential is the gateway's, whatever the configuration lets through.
    if (name === header?.name) continue;
    // The first one is what was checked; a second would be read by whoever takes the last.
    if (name === 'content-type') {
      if (hasContentType) continue;
      hasContentType = true;
    }
    headers.push(name, value);
  }
  if (header !== undefined) headers.push(header.name, header.value.reveal());
  return headers;
}
