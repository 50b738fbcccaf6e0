import type { X509Certificate } from 'node:crypto';
import { readFile as readText } from 'node:fs/promises';
import type { ChainStep, CredentialConfig, ServerConfig } from '../config/schema.ts';
import { parseCertificates } from './certificate-path.ts';
import type { Patient } from './check.ts';
import { readSentCertificates } from './read-sent-certificates.ts';

/** Where certificates are that have to be good for a call to go through. */
export interface CertificatePlace {
  /** `https://example.okta.com`, or the path of a file. */
  readonly where: string;
  /** What it is to the gateway: `the token endpoint`. */
  readonly roles: readonly string[];
  /** The certificates there, leaf first.
   * @throws Error in a few words
   */
  read(): Promise<readonly X509Certificate[]>;
  readonly kind: 'server' | 'file';
}

/** Every TLS server the gateway or its clients speak to because of this server's configuration, and every certificate it shows
 * itself; each place once.
 */
export async function listCertificatePlaces(patient: Patient): Promise<readonly CertificatePlace[]> {
  const urls = [...listUrls(patient), ...(await listIssuerUrls(patient))];
  return [...groupRoles(urls.flatMap(tlsServerOf), readServer), ...groupRoles(listFiles(patient), readFile)];
}

/** Does anybody speak TLS, by the configuration alone? */
export function speaksTls(patient: Patient): boolean {
  return listUrls(patient).flatMap(tlsServerOf).length + listFiles(patient).length > 0;
}

function listUrls({ server, config, route }: Patient): readonly Named[] {
  return [
    ...route.authenticator.issuers.map((issuer) => ['the issuer', issuer] as const),
    ...introspectionsOf(server).flatMap(({ url }) =>
      url === undefined ? [] : [['the introspection endpoint', url] as const],
    ),
    ...credentialsOf(server).map(({ url }) => ['the token endpoint', url] as const),
    ['the MCP server behind', route.upstream.target],
    ['this gateway, as clients have it', route.resourceUrl],
    ...(config.state === undefined ? [] : [['the shared state', config.state.url] as const]),
  ];
}

function listFiles({ server, config }: Patient): readonly Named[] {
  const own =
    config.listen.tls === undefined ? [] : [["the gateway's own listener", config.listen.tls.certFile] as const];
  const clients = [...introspectionsOf(server), ...credentialsOf(server)];
  const proofs = clients.flatMap(({ clientAuthentication: method, clientCertFile: file }) =>
    method === 'tls_client_auth' && file !== undefined ? [['what the gateway proves who it is by', file] as const] : [],
  );
  return [...own, ...proofs];
}

function introspectionsOf({ authenticate }: ServerConfig) {
  return authenticate.flatMap((one) => (one.strategy === 'introspection' ? [one] : []));
}

function credentialsOf({ authenticate, credential }: ServerConfig): readonly Endpoint[] {
  const own = authenticate.flatMap((one) => (!('issuer' in one) ? [] : (one.credential ?? [])));
  return [credential, ...own].flatMap(listEndpoints);
}

type Named = readonly [role: string, where: string];

/** Where keys are and where people sign in is in the metadata; the issuer itself is a place anyway. */
async function listIssuerUrls({ server, route, metadataOf }: Patient): Promise<readonly Named[]> {
  const named = await Promise.all(
    route.authenticator.issuers.map(async (issuer): Promise<readonly Named[]> => {
      const entry = server.authenticate.find((one) => one.strategy === 'jwt' && one.issuer === issuer);
      const { document } = await metadataOf(issuer);
      const keys = entry?.strategy === 'jwt' ? (entry.jwksUrl ?? document?.jwks_uri) : undefined;
      const signIn = document?.authorization_endpoint;
      return [
        ...(keys === undefined ? [] : [["the issuer's keys", keys] as const]),
        ...(signIn === undefined ? [] : [['where people sign in', signIn] as const]),
      ];
    }),
  );
  return named.flat();
}

interface Endpoint {
  readonly url: string;
  readonly clientAuthentication: string;
  readonly clientCertFile?: string | undefined;
}

/** Token endpoints with how the gateway says there who it is. */
function listEndpoints(credential: CredentialConfig | ChainStep): readonly Endpoint[] {
  switch (credential.strategy) {
    case 'chain':
      return credential.steps.flatMap(listEndpoints);
    case 'id-jag':
      return [credential, credential.target];
    case 'token-exchange':
    case 'entra-obo':
    case 'client-credentials':
      return [credential];
    case 'static-header':
    case 'none':
      return [];
  }
}

/** With its port, and nothing where no TLS is spoken. */
function tlsServerOf([role, text]: Named): readonly Named[] {
  const url = URL.parse(text);
  if (url?.protocol === 'https:') return [[role, url.origin]];
  if (url?.protocol === 'rediss:') return [[role, `rediss://${url.hostname}:${url.port === '' ? '6379' : url.port}`]];
  return [];
}

function groupRoles(named: readonly Named[], build: (where: string) => Pick<CertificatePlace, 'kind' | 'read'>) {
  const byPlace = Map.groupBy(named, ([, where]) => where);
  return [...byPlace].map(([where, those]): CertificatePlace => {
    return { where, roles: [...new Set(those.map(([role]) => role))], ...build(where) };
  });
}

function readServer(where: string): Pick<CertificatePlace, 'kind' | 'read'> {
  return { kind: 'server', read: () => readSentCertificates(new URL(where)) };
}

function readFile(path: string): Pick<CertificatePlace, 'kind' | 'read'> {
  return {
    kind: 'file',
    read: async () => {
      const found = parseCertificates(await readText(path, 'utf8'));
      if (found.length === 0) throw new Error('it holds no certificate');
      return found;
    },
  };
}
