import { assertionAlgorithms } from './client-keys.ts';

/** The addresses of a façade, as clients and browsers know them. */
export interface FacadeUrls {
  /** Its issuer identifier. */
  readonly issuer: string;
  readonly authorize: string;
  readonly consent: string;
  /** Where the provider sends browsers back to: registered there. */
  readonly callback: string;
  readonly token: string;
  readonly register: string;
}

export function facadeUrls(issuer: string): FacadeUrls {
  const base = issuer.replace(/\/$/, '');
  return {
    issuer,
    authorize: `${base}/authorize`,
    consent: `${base}/consent`,
    callback: `${base}/callback`,
    token: `${base}/token`,
    register: `${base}/register`,
  };
}

/** Where clients look for a document with this issuer: RFC 8414 §3.1 inserts the well-known part before its path, OpenID Connect
 * Discovery §4 appends it, and there are clients for each mixture.
 */
export function metadataPaths(issuer: string): readonly string[] {
  const path = new URL(issuer).pathname.replace(/\/$/, '');
  const forms = ['oauth-authorization-server', 'openid-configuration'].map((name) => `/.well-known/${name}`);
  return [...new Set(forms.flatMap((form) => [`${form}${path}`, `${path}${form}`]))];
}

/** The document of RFC 8414 §2. It says nothing that the façade cannot do: clients ask for all they read. */
export function buildMetadata(
  urls: FacadeUrls,
  { scopes, takesDocuments }: { readonly scopes: readonly string[]; readonly takesDocuments: boolean },
): Readonly<Record<string, unknown>> {
  return {
    issuer: urls.issuer,
    authorization_endpoint: urls.authorize,
    token_endpoint: urls.token,
    registration_endpoint: urls.register,
    scopes_supported: scopes,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    // Said only where it is so: clients that bring a document then do not register themselves (draft-ietf-oauth-client-id-metadata-document-03 §6).
    ...(takesDocuments ? { client_id_metadata_document_supported: true } : {}),
  };
}
