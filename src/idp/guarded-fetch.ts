import { buildCheckedLookup } from '../lib/checked-lookup.ts';
import { buildHttpClient } from '../lib/http-client.ts';
import { isLoopbackHost } from '../lib/loopback.ts';
import { isPublicAddress } from '../lib/is-public-address.ts';

const mostBytes = 64 * 1024;
const timeoutMs = 2_500;

/** How the provider fetches what clients name, such as their documents: from this machine, where it is itself (the exception of
 * draft-ietf-oauth-client-id-metadata-document-03 §8.6), and from the public; never from the network it stands in. Redirects are
 * answers like others. Takes what oidc-provider gives it of the Fetch standard: URL and headers of a GET.
 * @throws HttpClientError
 */
export async function guardedFetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  const { url, method, headers } = new Request(input, { method: init.method ?? 'GET', headers: init.headers ?? {} });
  if (method !== 'GET') throw new TypeError(`The provider only reads what clients name: ${method} ${url}`);
  const lookup = buildCheckedLookup((address) => isLoopbackHost(address) || isPublicAddress(address));
  const http = buildHttpClient({ maxBytes: mostBytes, lookup });
  try {
    return await http.send(url, { method, headers: Object.fromEntries(headers.entries()), timeoutMs });
  } finally {
    await http.close();
  }
}
