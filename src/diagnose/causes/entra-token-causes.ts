import type { CauseRow, Facts } from '../cause.ts';

/** Values in details are quoted as JSON. */
const valueOf = (value: string | number | undefined) => String(value ?? '').replaceAll('"', '');

/** Of an issuer: which tenant, and by which version. Undefined for one that is no tenant's of Entra's. */
function readIssuer(text: string): { readonly tenant: string; readonly version: 1 | 2 } | undefined {
  const [, tenant, version] = /^https?:\/\/[^/]+\/([^/]+)(\/v2\.0)?\/?$/.exec(text) ?? [];
  return tenant === undefined ? undefined : { tenant, version: version === undefined ? 1 : 2 };
}

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Microsoft Graph's application id and its URI. */
const graph = /^(00000003-0000-0000-c000-000000000000|https:\/\/graph\.microsoft\.com\/?)$/;

function isForGraph({ caller }: Facts): boolean {
  return [caller?.aud ?? []].flat().some((audience) => graph.test(audience));
}

function issuersOf({ details }: Facts) {
  return [readIssuer(valueOf(details['found'])), readIssuer(valueOf(details['expected']))] as const;
}

/** One tenant by its id in the token (metadata of /common have a placeholder), and by another name in the settings. */
function namesTenantOtherwise(facts: Facts): boolean {
  const [found, expected] = issuersOf(facts);
  const isById = (tenant: string) => guid.test(tenant) || tenant === '{tenantid}';
  return found !== undefined && isById(found.tenant) && expected?.version === 2 && !guid.test(expected.tenant);
}

function isOtherVersion(facts: Facts): boolean {
  const [found, expected] = issuersOf(facts);
  return (
    found !== undefined &&
    guid.test(found.tenant) &&
    found.tenant === expected?.tenant &&
    found.version !== expected.version
  );
}

/** `api://ID` and `ID` are one app. */
function isSameApp({ details }: Facts): boolean {
  const withoutScheme = (value: string | number | undefined) => valueOf(value).replaceAll('api://', '');
  const [found, expected] = [withoutScheme(details['found']), withoutScheme(details['expected'])];
  return guid.test(found) && found === expected;
}

const graphCause = {
  who: 'client',
  cause: 'The token is for Microsoft Graph: the client asked for scopes without an API in front, such as User.Read.',
  fix: 'Let the client ask for a scope of the gateway’s app, api://CLIENT-ID/SCOPE (--oidc-scope-prefix offers it so). Nobody but Graph can verify Graph’s tokens.',
} as const;

/** What is particular to tokens of Microsoft Entra ID: two versions with other issuers and audiences, and Graph beside every API
 * (learn.microsoft.com/entra/identity-platform/access-tokens#token-formats).
 */
export const entraTokenCauses: readonly CauseRow[] = [
  { id: 'token-of-graph', code: 'issuer_mismatch', fits: isForGraph, ...graphCause },
  { id: 'token-of-graph', code: 'audience_mismatch', fits: isForGraph, ...graphCause },
  // Its header has a nonce that only Graph knows to put in.
  { id: 'token-of-graph', code: 'token_signature_invalid', fits: isForGraph, ...graphCause },
  {
    id: 'issuer-tenant-name',
    code: 'issuer_mismatch',
    fits: namesTenantOtherwise,
    who: 'operator',
    cause: 'The configured issuer {expected} names no tenant, or not by its id, as tokens do: {found}.',
    fix: 'Set --oidc-issuer to https://login.microsoftonline.com/TENANT-ID/v2.0 with the Tenant ID of Overview; /common, /organizations and domains are for signing in only.',
  },
  {
    id: 'issuer-token-version',
    code: 'issuer_mismatch',
    fits: isOtherVersion,
    who: 'operator',
    cause: 'The tenant is the right one, the version of its tokens is not: {found} instead of {expected}.',
    fix: 'App registrations → the gateway’s app → Manifest: requestedAccessTokenVersion 2 (accessTokenAcceptedVersion in the old format), with --oidc-issuer https://login.microsoftonline.com/TENANT-ID/v2.0; tokens follow within minutes.',
  },
  {
    id: 'audience-application-id',
    code: 'audience_mismatch',
    fits: isSameApp,
    who: 'operator',
    cause: 'The token names this app as {found}, and {expected} is configured: the same app by its other name.',
    fix: 'Set --oidc-audience to what aud of the token says: the Application (client) ID in version 2.0, the Application ID URI in version 1.0.',
  },
];
