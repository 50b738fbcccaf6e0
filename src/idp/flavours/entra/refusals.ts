import type { CommonRefusals } from '../flavour.ts';
import type { RefusalRow } from '../token-refusal.ts';

/** The number stands in `error_codes` and `error_uri`, too. */
export const row = (
  code: number,
  [status, error]: readonly [number, string],
  text: string,
  more: Readonly<Record<string, unknown>> = {},
): RefusalRow => ({ status, error, description: `AADSTS${code}: ${text}`, more: { error_codes: [code], ...more } });

/** Entra's words: learn.microsoft.com/entra/identity-platform/reference-error-codes and …/v2-oauth2-on-behalf-of-flow, where
 * they stand in full; the rest of the sentences as its users quote them.
 */
export const refusals = {
  clientUnknown: row(
    700016,
    [400, 'unauthorized_client'],
    "Application with identifier '{clientId}' was not found in the directory '{org}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.",
  ),
  secretMissing: row(
    7000218,
    [401, 'invalid_client'],
    "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
  ),
  secretInvalid: row(
    7000215,
    [401, 'invalid_client'],
    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{clientId}'.",
  ),
  grantUnsupported: row(
    70003,
    [400, 'unsupported_grant_type'],
    "The app requested an unsupported grant type '{grant}'.",
  ),
  grantNotAllowed: row(
    7000114,
    [400, 'unauthorized_client'],
    "Application '{clientId}' is not allowed to make application on-behalf-of calls.",
  ),
  codeInvalid: row(
    70008,
    [400, 'invalid_grant'],
    'The provided authorization code or refresh token has expired due to inactivity.',
  ),
  refreshTokenInvalid: row(70000, [400, 'invalid_grant'], 'Provided grant is invalid or malformed.'),
  parameterMissing: row(
    900144,
    [400, 'invalid_request'],
    "The request body must contain the following parameter: '{name}'.",
  ),
  // Entra has no DPoP of RFC 9449 at its token endpoint; the app asks for what cannot be had.
  dpopMissing: row(90023, [400, 'invalid_request'], 'Unable to complete request due to invalid data.'),
  scopeNotGranted: row(
    65001,
    [400, 'invalid_grant'],
    "The user or administrator has not consented to use the application with ID '{clientId}' named '{label}'. Send an interactive authorization request for this user and resource.",
    { suberror: 'consent_required' },
  ),
  userNotAllowed: row(
    50105,
    [400, 'invalid_grant'],
    "Your administrator has configured the application '{api}' to block users unless they are specifically granted access to the application. The signed in user '{user}' is blocked because they are not a direct member of a group with access.",
  ),
  resourceParameter: row(901002, [400, 'invalid_request'], "The 'resource' request parameter isn't supported."),
  // At the authorization endpoint (github.com/anthropics/claude-code/issues/73460 and several others).
  resourceMismatch: row(
    9010010,
    [400, 'invalid_target'],
    "The resource parameter provided in the request doesn't match with the requested scopes.",
  ),
  idTokenSent: row(
    240002,
    [400, 'invalid_request'],
    "Input id_token cannot be used as 'urn:ietf:params:oauth:grant-type:jwt-bearer' grant.",
  ),
  assertionInvalid: row(50013, [400, 'invalid_grant'], 'Assertion failed signature validation.'),
  assertionExpired: row(
    500133,
    [400, 'invalid_grant'],
    'Assertion is not within its valid time range. Ensure that the access token is not expired before using it for user assertion, or request a new token.',
  ),
  assertionAudience: row(
    500131,
    [400, 'invalid_grant'],
    "Assertion audience does not match the Client app presenting the assertion. The audience in the assertion was '{found}' and the expected audience is '{expected}'.",
  ),
  scopeInvalid: row(
    70011,
    [400, 'invalid_scope'],
    "The provided value for the input parameter 'scope' isn't valid. The scope {scope} isn't valid.",
  ),
  // A scope without an API in front is Microsoft Graph's.
  scopeOfGraph: row(
    650053,
    [400, 'invalid_client'],
    "The application '{label}' asked for scope '{scope}' that doesn't exist on the resource '00000003-0000-0000-c000-000000000000'.",
  ),
  scopesOfTwoApis: row(
    700022,
    [400, 'invalid_scope'],
    "The provided value for the input parameter scope isn't valid because it contains more than one resource.",
  ),
  resourceUnknown: row(
    500011,
    [400, 'invalid_resource'],
    'The resource principal named {api} was not found in the tenant named {org}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.',
  ),
  // "The middle-tier service should surface this error to the client application" (v2-oauth2-on-behalf-of-flow).
  multifactorRequired: row(
    50076,
    [400, 'interaction_required'],
    "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '{api}'.",
    {
      suberror: 'basic_action',
      claims: '{"access_token":{"polids":{"essential":true,"values":["9ab03e19-ed42-4168-b6b7-7001fb3e933a"]}}}',
    },
  ),
  tenantUnknown: row(
    90002,
    [400, 'invalid_request'],
    "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.",
  ),
  tenantNotNamed: row(
    50194,
    [400, 'invalid_request'],
    'Application is not configured as a multi-tenant application. Usage of the /{tenant} endpoint is not supported for such applications. Use a tenant-specific endpoint or configure the application to be multi-tenant.',
  ),
  clientDisabled: row(7000112, [400, 'unauthorized_client'], "Application '{clientId}'({label}) is disabled."),
  secretExpired: row(
    7000222,
    [401, 'invalid_client'],
    "The provided client secret keys for app '{clientId}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.",
  ),
  secretUnwanted: row(
    700025,
    [401, 'invalid_client'],
    "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
  ),
  // github.com/AzureAD/microsoft-authentication-library-for-js/issues/8339
  assertionUnknown: row(
    700027,
    [401, 'invalid_client'],
    "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found., Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '{clientId}'.]",
  ),
  tooManyRequests: row(
    50196,
    [400, 'invalid_grant'],
    'The server terminated an operation because it encountered a client request loop. Please contact your app vendor.',
  ),
  resourceDisabled: row(
    500014,
    [400, 'invalid_resource'],
    "The service principal for resource '{api}' is disabled. This indicate that a subscription within the tenant has lapsed, or that the administrator for this tenant has disabled the application, preventing tokens from being issued for it.",
  ),
  claimsMapping: row(
    501461,
    [400, 'invalid_request'],
    "AcceptMappedClaims is only supported for a token audience matching the application GUID or an audience within the tenant's verified domains. Either change the resource identifier, or use an application-specific signing key.",
  ),
  userUnknown: row(
    50034,
    [400, 'invalid_grant'],
    'The user account {user} does not exist in the {org} directory. To sign into this application, the account must be added to the directory.',
  ),
  userOfAnotherTenant: row(
    50020,
    [400, 'invalid_grant'],
    "User account '{EUII Hidden}' from identity provider '{idp}' does not exist in tenant '{tenant}' and cannot access the application '{clientId}'({label}) in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different Azure Active Directory user account.",
  ),
  userDisabled: row(50057, [400, 'invalid_grant'], 'The user account is disabled.'),
  tokensRevoked: row(
    50173,
    [400, 'invalid_grant'],
    "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The grant was issued on '{issuedAt}' and the TokensValidFrom date (before which tokens are not valid) for this user is '{validFrom}'.",
    { suberror: 'bad_token' },
  ),
} as const satisfies CommonRefusals & Readonly<Record<string, RefusalRow>>;
