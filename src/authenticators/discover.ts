import { z } from 'zod';
import type { HttpClient } from '../lib/http-client.ts';
import { isObject } from '../lib/is-object.ts';
import { isLoopbackHost } from '../lib/loopback.ts';
import { webUrl } from '../model/web-url.ts';
import { metadataUrls } from '../oauth/metadata-urls.ts';

const metadataSchema = z.looseObject({ issuer: z.string() });
const httpUrl = webUrl();
const names = z.array(z.string());

export interface DiscoverOptions {
  readonly http: HttpClient;
  readonly timeoutMs: number;
  readonly allowHttp: boolean;
}

type Metadata = z.output<typeof metadataSchema>;

/** What a document says, or why it cannot be used, in a few words. */
type Reading<T> = { readonly found: T } | { readonly reason: string };

/** Finds where an issuer publishes its keys.
 * @throws Error with a reason in a few words when no metadata document names this very issuer
 */
export function discoverJwksUrl(issuer: string, options: DiscoverOptions): Promise<string> {
  return discover(issuer, options, {
    what: 'metadata',
    read: (document) => readUrl(document, 'jwks_uri', options),
  });
}

/** Finds where an issuer is asked about tokens (RFC 8414 §2), for a client that proves itself by this method; the place for
 * clients with a certificate where there is one (RFC 8705 §5).
 * @throws Error with a reason in a few words when its metadata names none, or one that does not take the method
 */
export function discoverIntrospectionUrl(issuer: string, method: string, options: DiscoverOptions): Promise<string> {
  return discover(issuer, options, {
    what: 'introspection endpoint',
    read(document) {
      const member = 'introspection_endpoint';
      const taken = names.safeParse(document[`${member}_auth_methods_supported`]).data;
      if (taken !== undefined && !taken.some((name) => isMethod(name, method)))
        return { reason: `it takes ${taken.join(', ')} there, and this client proves itself by ${method}` };
      const aliases = document['mtls_endpoint_aliases'];
      const hasOwn = method === certificateMethod && isObject(aliases) && aliases[member] !== undefined;
      return readUrl(hasOwn ? { ...aliases, issuer: document.issuer } : document, member, options);
    },
  });
}

/** Where people sign in, where a code is redeemed, where tokens are taken back (RFC 7009) if anywhere, and whether the answer says whose it is (RFC 9207 §3).
 * @throws Error with a reason in a few words when its metadata name neither
 */
export function discoverSignIn(issuer: string, options: DiscoverOptions) {
  return discover(issuer, options, {
    what: 'authorization endpoint',
    read(document) {
      const authorization = readUrl(document, 'authorization_endpoint', options);
      if ('reason' in authorization) return authorization;
      const token = readUrl(document, 'token_endpoint', options);
      if ('reason' in token) return token;
      const sendsIssuer = document['authorization_response_iss_parameter_supported'] === true;
      const revocation = readUrl(document, 'revocation_endpoint', options);
      const revocationUrl = 'found' in revocation ? revocation.found : undefined;
      return { found: { authorizationUrl: authorization.found, tokenUrl: token.found, revocationUrl, sendsIssuer } };
    },
  });
}

const certificateMethod = 'tls_client_auth';

/** To whom the certificate is known matters to the issuer alone (RFC 8705 §2.2). */
function isMethod(name: string, method: string): boolean {
  return name === method || (method === certificateMethod && name === 'self_signed_tls_client_auth');
}

async function discover<T>(
  issuer: string,
  options: DiscoverOptions,
  { what, read }: { readonly what: string; readonly read: (document: Metadata) => Reading<T> },
): Promise<T> {
  const places = new Map<string, string[]>();
  for (const url of metadataUrls(issuer)) {
    const document = await readMetadata(url, issuer, options);
    const reading = typeof document === 'string' ? { reason: document } : read(document);
    if ('found' in reading) return reading.found;
    places.set(reading.reason, [...(places.get(reading.reason) ?? []), url]);
  }
  throw new Error(`no ${what} found (${[...places].map(describePlaces).join('; ')})`);
}

/** One reason and where it holds: mostly it is the same everywhere. */
function describePlaces([reason, urls]: readonly [string, readonly string[]]): string {
  return `${urls.join(', ')}: ${reason}`;
}

/** The document at one place, or why there is none that can be believed. */
async function readMetadata(url: string, issuer: string, options: DiscoverOptions): Promise<Metadata | string> {
  const { http, timeoutMs } = options;
  const answer = await http.send(url, { method: 'GET', headers: { accept: 'application/json' }, timeoutMs });
  if (answer.status !== 200) return `status ${answer.status}`;
  const parsed = metadataSchema.safeParse(await answer.json().catch(() => undefined));
  if (!parsed.success) return 'not a metadata document with issuer';
  // RFC 8414 §3.3: identical, or somebody else's keys would be believed.
  return parsed.data.issuer === issuer ? parsed.data : `it is the metadata of ${JSON.stringify(parsed.data.issuer)}`;
}

function readUrl(document: Metadata, member: string, { allowHttp }: DiscoverOptions): Reading<string> {
  if (document[member] === undefined) return { reason: `it names no ${member}` };
  const parsed = httpUrl.safeParse(document[member]);
  if (!parsed.success) return { reason: `its ${member} is not an http or https URL` };
  const url = new URL(parsed.data);
  // An issuer elsewhere that names this machine would have whoever listens here speak for it.
  const isLocal = isLoopbackHost(url.hostname) && isLoopbackHost(new URL(document.issuer).hostname);
  if (url.protocol === 'http:' && !allowHttp && !isLocal) return { reason: `its ${member} ${url.href} is plain http` };
  return { found: url.href };
}
