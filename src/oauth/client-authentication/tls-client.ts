import { buildHttpClient, type HttpClient } from '../../lib/http-client.ts';
import { readTlsPair } from '../../lib/read-tls-pair.ts';
import type { Log } from '../../model/log.ts';
import { RotatingFiles, type ReadFiles } from './rotating-files.ts';

export interface TlsClientSettings {
  readonly certFile: string;
  readonly keyFile: string;
  /** Certificate authorities of the provider; Node's own list when absent. */
  readonly ca: readonly string[] | undefined;
}

/** RFC 8705 §2.1: the connection itself says who the client is. A new certificate means new connections; requests under
 * way end on those they began on, which close by themselves when they are idle.
 */
export function rotatingTlsClient(
  { certFile, keyFile, ca }: TlsClientSettings,
  { log, name }: { readonly log: Log; readonly name: string },
): RotatingFiles<HttpClient> {
  const read = (): ReadFiles<HttpClient> => {
    const found = readTlsPair({ certFile, keyFile });
    if ('problems' in found)
      return { problem: found.problems.map(({ field, what }) => `(${field}) ${what}`).join('; ') };
    const { cert, key } = found.pair;
    return { value: buildHttpClient({ ...(ca === undefined ? {} : { ca }), clientCertificate: { cert, key } }) };
  };
  return new RotatingFiles({ paths: [certFile, keyFile], what: "the client's certificate", read, log, name });
}
