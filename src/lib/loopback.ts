/** Is this host of a URL on this machine? IPv4 127.0.0.0/8, IPv6 ::1, and the localhost names (RFC 6761 §6.3). Takes
 * the form `URL.hostname` gives: lower case, IPv6 in brackets. Other names are not resolved: what a name means can
 * change after the check.
 */
export function isLoopbackHost(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    hostname === '::1' ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
  );
}
