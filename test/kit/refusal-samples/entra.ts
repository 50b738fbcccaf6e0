import type { RefusalAnswer } from '../../../src/model/provider.ts';

const tail =
  '\r\nTrace ID: 0000aaaa-11bb-cccc-dd33-eeeeee333333\r\nCorrelation ID: aaaa0000-bb11-2222-33cc-444444dddddd\r\nTimestamp: 2026-01-09 02:02:12Z';

const sample = (error: string, text: string, status = 400) => ({ status, error, description: `${text}${tail}` });

/** Entra's answers: the code and the sentences of its reference, and how every description ends. */
export const entraSamples: Readonly<Record<string, RefusalAnswer>> = {
  'entra-grant-unsupported': sample(
    'unsupported_grant_type',
    "AADSTS70003: The app requested an unsupported grant type 'urn:ietf:params:oauth:grant-type:token-exchange'.",
  ),
  'entra-consent-missing': sample(
    'invalid_grant',
    "AADSTS65001: The user or administrator has not consented to use the application with ID '535fb089-9ff3-47b6-9bfb-4f1264799865' named 'MCP gateway'. Send an interactive authorization request for this user and resource.",
  ),
  'entra-permission-not-listed': sample(
    'invalid_resource',
    "AADSTS650057: Invalid resource. The client has requested access to a resource which is not listed in the requested permissions in the client's application registration.",
  ),
  'entra-assertion-expired': sample(
    'invalid_grant',
    'AADSTS500133: Assertion is not within its valid time range. Ensure that the access token is not expired before using it for user assertion, or request a new token.',
  ),
  'entra-assertion-audience': sample(
    'invalid_grant',
    "AADSTS500131: Assertion audience does not match the Client app presenting the assertion. The audience in the assertion was 'https://management.azure.com' and the expected audience is 'api://535fb089-9ff3-47b6-9bfb-4f1264799865'.",
  ),
  'entra-assertion-id-token': sample(
    'invalid_request',
    "AADSTS240002: Input id_token cannot be used as 'urn:ietf:params:oauth:grant-type:jwt-bearer' grant.",
  ),
  'entra-assertion-invalid': sample('invalid_grant', 'AADSTS50013: Assertion failed signature validation.'),
  'entra-scope-invalid': sample(
    'invalid_scope',
    "AADSTS70011: The provided value for the input parameter 'scope' isn't valid. The scope https://example.contoso.com/activity.read isn't valid.",
  ),
  'entra-scope-of-two-apis': sample(
    'invalid_scope',
    "AADSTS700022: The provided value for the input parameter scope isn't valid because it contains more than one resource.",
  ),
  'entra-resource-parameter': sample(
    'invalid_request',
    "AADSTS901002: The 'resource' request parameter isn't supported.",
  ),
  'entra-resource-unknown': sample(
    'invalid_resource',
    'AADSTS500011: The resource principal named api://countries was not found in the tenant named Contoso.',
  ),
  'entra-resource-disabled': sample(
    'invalid_resource',
    "AADSTS500014: The service principal for resource 'api://countries' is disabled.",
  ),
  'entra-secret-wrong': sample('invalid_client', 'AADSTS7000215: Invalid client secret is provided.', 401),
  'entra-secret-expired': sample(
    'invalid_client',
    "AADSTS7000222: The provided client secret keys for app '535fb089-9ff3-47b6-9bfb-4f1264799865' are expired.",
    401,
  ),
  'entra-secret-missing': sample(
    'invalid_client',
    "AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    401,
  ),
  'entra-secret-of-public-client': sample(
    'invalid_client',
    "AADSTS700025: Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
    401,
  ),
  'entra-client-assertion': sample(
    'invalid_client',
    'AADSTS700027: Client assertion failed signature validation.',
    401,
  ),
  'entra-client-unknown': sample(
    'unauthorized_client',
    "AADSTS700016: Application with identifier '535fb089-9ff3-47b6-9bfb-4f1264799865' was not found in the directory 'Contoso'.",
  ),
  'entra-client-disabled': sample(
    'unauthorized_client',
    "AADSTS7000112: Application '535fb089-9ff3-47b6-9bfb-4f1264799865'(MCP gateway) is disabled.",
  ),
  'entra-obo-not-allowed': sample(
    'unauthorized_client',
    "AADSTS7000114: Application '535fb089-9ff3-47b6-9bfb-4f1264799865' is not allowed to make application on-behalf-of calls.",
  ),
  'entra-tenant-unknown': sample(
    'invalid_request',
    "AADSTS90002: Tenant 'contoso' not found. Check to make sure you have the correct tenant ID.",
  ),
  'entra-tenant-not-named': sample(
    'invalid_request',
    "AADSTS50194: Application '535fb089-9ff3-47b6-9bfb-4f1264799865'(MCP gateway) is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such applications.",
  ),
  'entra-mfa-required': sample(
    'interaction_required',
    "AADSTS50076: Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access 'bf8d80f9-9098-4972-b203-500f535113b1'.",
  ),
  'entra-mfa-enrolment': sample(
    'interaction_required',
    "AADSTS50079: Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multifactor authentication to access 'bf8d80f9-9098-4972-b203-500f535113b1'.",
  ),
  'entra-device-not-compliant': sample(
    'interaction_required',
    'AADSTS53000: Device is not in required device state: compliant.',
  ),
  'entra-conditional-access-blocked': sample(
    'interaction_required',
    'AADSTS53003: Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
  ),
  'entra-user-not-assigned': sample(
    'invalid_grant',
    "AADSTS50105: The signed in user is not assigned to a role for the application 'bf8d80f9-9098-4972-b203-500f535113b1'.",
  ),
  'entra-user-not-in-tenant': sample(
    'invalid_grant',
    'AADSTS50034: The user account does not exist in the tenant. To sign into this application, the account must be added to the directory.',
  ),
  'entra-user-disabled': sample('invalid_grant', 'AADSTS50057: The user account is disabled.'),
  'entra-session-ended': sample(
    'invalid_grant',
    'AADSTS50173: The provided grant has expired due to it being revoked, a fresh auth token is needed.',
  ),
  'entra-claims-mapping': sample(
    'invalid_request',
    'AADSTS501461: AcceptMappedClaims is only supported for a token audience matching the application GUID or an audience within the tenant’s verified domains.',
  ),
  'entra-parameter-missing': sample(
    'invalid_request',
    "AADSTS900144: The request body must contain the following parameter: 'assertion'.",
  ),
  'entra-loop': sample(
    'invalid_grant',
    'AADSTS50196: The server terminated an operation because it encountered a client request loop.',
  ),
};
