import { isLoopbackHost } from '../lib/loopback.ts';
import type { Config } from './schema.ts';

/** Tokens that cross a network in the clear can be read and used by others (RFC 6750 §5.3, RFC 9700 §4.9). Where TLS ends in front of
 * Usher somebody said so: by the URL that clients know a server by, or by the addresses of a proxy.
 */
export function warnOfListener({ listen, servers }: Config): readonly string[] {
  const { host, tls, trustedProxies } = listen;
  if (tls !== undefined || isLoopbackHost(host) || trustedProxies.length > 0) return [];
  const isPlain = Object.values(servers).some(
    ({ resourceUrl, authenticate }) =>
      resourceUrl?.startsWith('https:') !== true && authenticate.some(({ strategy }) => strategy !== 'anonymous'),
  );
  if (!isPlain) return [];
  const advice =
    'give --tls-cert and --tls-key; or, where a proxy in front has TLS, the https URL clients know (--resource-url) or its address (--trusted-proxies)';
  return [
    `--host ${host} lets others on the network call without TLS, who could read each other’s tokens there: ${advice}`,
  ];
}
