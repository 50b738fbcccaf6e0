/** What of the upstream's headers does not reach the caller: connection matters (RFC 9110 §7.6.1), challenges that are
 * about the other token, cookies and cross-origin grants that are not the upstream's to give, anything that could
 * carry the credential back, orders to a proxy in front (nginx, Apache and others send the file or page that such a header
 * names, from where only they can reach), and what a browser would take for the gateway's own word about its origin.
 */
const dropped = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'www-authenticate',
  'authentication-info',
  'authorization',
  'dpop-nonce',
  'set-cookie',
  'set-cookie2',
  'alt-svc',
  'strict-transport-security',
  // Not x-accel-buffering: event streams need it.
  'x-accel-redirect',
  'x-accel-expires',
  'x-accel-limit-rate',
  'x-accel-charset',
  'x-sendfile',
  'x-lighttpd-send-file',
  'x-lighttpd-send-tempfile',
  'x-reproxy-url',
  'clear-site-data',
  'service-worker-allowed',
  'report-to',
  'reporting-endpoints',
  'nel',
  'refresh',
]);

/** The answer's headers (name, value, …) for the caller, from the upstream's (names in lower case). */
export function buildAnswerHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): string[] {
  const alsoDropped = findConnectionOptions(headers['connection']);
  const kept: string[] = [];
  for (const name in headers) {
    const value = headers[name];
    if (
      value === undefined ||
      dropped.has(name) ||
      name.startsWith('access-control-') ||
      alsoDropped?.has(name) === true
    )
      continue;
    if (typeof value === 'string') kept.push(name, value);
    else for (const one of value) kept.push(name, one);
  }
  return kept;
}

/** Header names the upstream declares to be for this connection only (RFC 9110 §7.6.1); undefined for the usual values,
 * which name none.
 */
function findConnectionOptions(value: string | readonly string[] | undefined): ReadonlySet<string> | undefined {
  if (value === undefined || value === 'keep-alive' || value === 'close') return undefined;
  const options = String(value).toLowerCase().split(',');
  return new Set(options.map((option) => option.trim()));
}
