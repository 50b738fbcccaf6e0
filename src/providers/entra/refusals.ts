import type { KnownRefusal } from '../../model/provider.ts';

const codes = 'https://learn.microsoft.com/entra/identity-platform/reference-error-codes';
const onBehalfOf = 'https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow';

/** An answer says the code first, then sentences that change; Microsoft asks not to rely on these. */
function answer(...numbers: readonly number[]): KnownRefusal['answer'] {
  return { description: new RegExp(`\\bAADSTS(?:${numbers.join('|')})\\b`) };
}

/** What Microsoft Entra ID refuses an on-behalf-of request with: those that a set-up runs into, by their AADSTS codes. The
 * console is the Microsoft Entra admin center.
 */
export const entraRefusals: readonly KnownRefusal[] = [
  {
    id: 'entra-grant-unsupported',
    answer: answer(70003),
    cause: 'Entra has no RFC 8693 token exchange; acting as the user is its on-behalf-of flow.',
    fix: 'Use the credential entra-obo instead of token-exchange.',
    source: onBehalfOf,
  },
  {
    id: 'entra-consent-missing',
    answer: answer(65001, 65004, 90008, 90094),
    turn: 'allow',
    cause: 'Neither the user nor an administrator has consented to the gateway’s app using the API for the user.',
    fix: 'App registrations → the gateway’s app → API permissions: Add a permission → the API → Delegated permissions → the scope, then Grant admin consent. Or App registrations → the API → Expose an API → Add a client application: the gateway’s client id.',
    source: `${codes}; ${onBehalfOf}#gaining-consent-for-the-middle-tier-application`,
  },
  {
    id: 'entra-permission-not-listed',
    answer: answer(65005, 650056, 650057),
    cause: 'The gateway’s app asks for an API that is not among its permissions.',
    fix: 'App registrations → the gateway’s app → API permissions → Add a permission → APIs my organization uses: the API, Delegated permissions, the scope; then Grant admin consent.',
    source: codes,
  },
  {
    id: 'entra-assertion-expired',
    answer: answer(500133),
    cause: 'The caller’s token has expired.',
    fix: 'The user signs in again or the client refreshes; if it is fresh, compare the clocks.',
    source: codes,
  },
  {
    id: 'entra-assertion-audience',
    answer: answer(500131),
    turn: 'set-up',
    cause: 'The caller’s token is meant for another app than the one that exchanges it.',
    fix: 'The client must ask for a scope of the gateway’s own app (App registrations → the gateway’s app → Expose an API: api://CLIENT-ID/SCOPE), and --token-exchange-client-id must be that app’s Application (client) ID.',
    source: `${codes}; ${onBehalfOf}#middle-tier-access-token-request`,
  },
  {
    id: 'entra-assertion-id-token',
    answer: answer(240002),
    cause: 'The client sent its ID token; only access tokens can be exchanged.',
    fix: 'Have the client ask for a scope of the gateway’s app and send the access token it gets: App registrations → the gateway’s app → Expose an API → Add a scope.',
    source: codes,
  },
  {
    id: 'entra-assertion-invalid',
    answer: answer(50013, 50027, 5000224),
    cause:
      'The caller’s token is not one this tenant can verify: another tenant or provider issued it, it was changed, it is a token for Microsoft Graph, or its app has a signing key of its own.',
    fix: 'Compare the token’s iss with the tenant in --token-exchange-url. The client must ask for a scope of the gateway’s app, not for Graph’s; an app that signs with custom keys (Enterprise applications → Single sign-on) cannot be the middle tier.',
    source: `${codes}; ${onBehalfOf}#client-limitations`,
  },
  {
    id: 'entra-scope-invalid',
    answer: answer(70011, 28002, 28003, 700023, 650053),
    cause: 'A scope asked for is none of the API’s, or has no API in front.',
    fix: 'Set --token-exchange-scopes to the whole name as App registrations → the API → Expose an API shows it, api://API-ID/SCOPE, or api://API-ID/.default.',
    source: codes,
  },
  {
    id: 'entra-scope-of-two-apis',
    answer: answer(700022),
    cause: 'The scopes asked for belong to more than one API; a token is for one.',
    fix: 'Leave in --token-exchange-scopes only the scopes of the API behind this server.',
    source: codes,
  },
  {
    id: 'entra-resource-parameter',
    answer: answer(901002, 9010010),
    cause:
      'The request has a resource parameter, which version 2.0 takes only when it is an Application ID URI of the API that the scopes name.',
    fix: 'In an exchange name the API by the scopes alone, api://API-ID/SCOPE. Where a client is refused so at its sign-in: App registrations → the gateway’s app → Manifest → identifierUris: add the resource URL of Usher, to the letter.',
    source: codes,
  },
  {
    id: 'entra-resource-unknown',
    answer: answer(500011, 50001, 650052, 650054),
    cause: 'The tenant has no API with the identifier in the scopes asked for.',
    fix: 'App registrations → the API → Expose an API: compare Application ID URI with --token-exchange-scopes. An API of another tenant needs its enterprise application here: have an administrator consent to it once.',
    source: codes,
  },
  {
    id: 'entra-resource-disabled',
    answer: answer(500014, 1000031),
    turn: 'allow',
    cause: 'The API is switched off in this tenant: nobody gets a token for it.',
    fix: 'Enterprise applications → the API → Properties: Enabled for users to sign-in? Yes.',
    source: `${codes}; https://learn.microsoft.com/troubleshoot/entra/entra-id/app-integration/error-code-AADSTS500014-service-principal-disabled`,
  },
  {
    id: 'entra-secret-wrong',
    answer: answer(7000215, 70002),
    cause: 'The client secret is not the app’s; often the secret’s ID was copied instead of its value.',
    fix: 'App registrations → the gateway’s app → Certificates & secrets → Client secrets → New client secret: copy Value, which is shown once, into --token-exchange-client-secret-file.',
    source: codes,
  },
  {
    id: 'entra-secret-expired',
    answer: answer(7000222),
    cause: 'The client secret has expired.',
    fix: 'App registrations → the gateway’s app → Certificates & secrets → Client secrets → New client secret: copy Value into --token-exchange-client-secret-file.',
    source: codes,
  },
  {
    id: 'entra-secret-missing',
    answer: answer(7000218),
    cause: 'The request had no proof of who the gateway is, and its app is a confidential one.',
    fix: 'App registrations → the gateway’s app → Certificates & secrets: give the gateway a client secret or the key of a certificate there.',
    source: codes,
  },
  {
    id: 'entra-secret-of-public-client',
    answer: answer(700025),
    cause:
      'The app with this client id is a public client, which has no secret: mostly it is the one users sign in with.',
    fix: 'Set the client id to that of the gateway’s own app (App registrations → the gateway’s app → Overview). If it is: Authentication → Advanced settings: Allow public client flows No.',
    source: codes,
  },
  {
    id: 'entra-client-assertion',
    answer: answer(700027, 50012, 700030),
    cause:
      'The gateway’s client assertion does not verify: its certificate is not registered with the app, or its times are off.',
    fix: 'App registrations → the gateway’s app → Certificates & secrets → Certificates → Upload certificate: the one whose key the gateway signs with; compare the clocks.',
    source: codes,
  },
  {
    id: 'entra-client-unknown',
    answer: answer(700016, 700011),
    cause: 'The tenant has no app with that client id.',
    fix: 'App registrations → the gateway’s app → Overview: copy Application (client) ID into --token-exchange-client-id and Directory (tenant) ID into --token-exchange-url.',
    source: codes,
  },
  {
    id: 'entra-client-disabled',
    answer: answer(7000112, 70001),
    cause: 'The gateway’s app is disabled in this tenant.',
    fix: 'Enterprise applications → the gateway’s app → Properties: Enabled for users to sign-in? Yes.',
    source: codes,
  },
  {
    id: 'entra-obo-not-allowed',
    answer: answer(7000114, 90083),
    cause:
      'The caller’s token is an app’s own, with roles instead of scp, and stands for no user; or the gateway’s app may not act on behalf of others.',
    fix: 'The client must sign a user in (authorization code) instead of using client credentials. If its token has scp: App registrations → the gateway’s app: use a registration for accounts in an organizational directory; personal-account and some first-party registrations cannot.',
    source: `${codes}; https://github.com/AzureAD/microsoft-authentication-library-for-dotnet/issues/2130; https://github.com/MicrosoftDocs/azure-docs/issues/53334`,
  },
  {
    id: 'entra-tenant-unknown',
    answer: answer(90002),
    cause: 'There is no such tenant in this cloud.',
    fix: 'Overview → Tenant ID: put it into --token-exchange-url, https://login.microsoftonline.com/TENANT-ID/oauth2/v2.0/token; national clouds have hosts of their own.',
    source: codes,
  },
  {
    id: 'entra-tenant-not-named',
    answer: answer(50194, 9001023, 90130, 90124),
    cause: 'The token endpoint is that of /common, /consumers or /organizations, which does not serve this app.',
    fix: 'Put the tenant’s id into --token-exchange-url, https://login.microsoftonline.com/TENANT-ID/oauth2/v2.0/token.',
    source: codes,
  },
  {
    id: 'entra-mfa-required',
    answer: answer(50074, 50076, 50078, 50158),
    cause:
      'A Conditional Access policy of the API wants multifactor authentication, which the user’s sign-in did not have.',
    fix: 'The client signs the user in again with the claims of the challenge, which Usher hands on. Protection → Conditional Access → Policies says which policy it is: add the gateway’s app to its Target resources, and the first sign-in asks at once.',
    source: `${codes}; ${onBehalfOf}#error-response-example`,
  },
  {
    id: 'entra-mfa-enrolment',
    answer: answer(50072, 50079, 53004),
    cause: 'The API wants multifactor authentication, and the user has registered no method for it.',
    fix: 'The user registers at https://aka.ms/mfasetup, then signs in again with the claims of the challenge, which Usher hands on.',
    source: `${codes}; ${onBehalfOf}#error-response-example`,
  },
  {
    id: 'entra-device-not-compliant',
    answer: answer(50097, 53000, 53001, 53002),
    cause: 'A Conditional Access policy wants a managed device or an approved app, and the user’s is none.',
    fix: 'The user signs in from a managed device, or Protection → Conditional Access → Policies: change the policy’s Grant for the API.',
    source: codes,
  },
  {
    id: 'entra-conditional-access-blocked',
    answer: answer(53003, 50131, 53011, 530032, 530035),
    turn: 'allow',
    cause: 'A Conditional Access policy or security default blocks this user, place or app for the API.',
    fix: 'Monitoring & health → Sign-in logs → the failed sign-in → Conditional Access names the policy; change it under Protection → Conditional Access → Policies.',
    source: codes,
  },
  {
    id: 'entra-user-not-assigned',
    answer: answer(50105),
    turn: 'allow',
    cause: 'The API admits assigned users only, and the user is none.',
    fix: 'Enterprise applications → the API → Users and groups → Add user/group; or Properties: Assignment required? No.',
    source: codes,
  },
  {
    id: 'entra-user-not-in-tenant',
    answer: answer(50020, 50034, 500341, 50014, 51004, 16003, 90072),
    turn: 'allow',
    cause: 'The user’s account is not in the tenant that the token is asked from.',
    fix: 'Users → New user → Invite external user, or point --token-exchange-url at the user’s tenant.',
    source: codes,
  },
  {
    id: 'entra-user-disabled',
    answer: answer(50057),
    turn: 'allow',
    cause: 'The user’s account is disabled.',
    fix: 'Users → the user → Properties: Account enabled.',
    source: codes,
  },
  {
    id: 'entra-session-ended',
    answer: answer(50132, 50133, 50173, 70043, 70008, 700082),
    cause: 'The user’s session was revoked, or is older than the sign-in frequency allows.',
    fix: 'The user signs in again; Protection → Conditional Access → Policies → Session → Sign-in frequency if that is too often.',
    source: codes,
  },
  {
    id: 'entra-claims-mapping',
    answer: answer(50146, 501461),
    cause: 'The API’s app has mapped claims, but no signing key of its own, or an identifier that does not allow it.',
    fix: 'App registrations → the API → Manifest: acceptMappedClaims true needs an Application ID URI of api://CLIENT-ID or of a verified domain; otherwise give the app its own signing key.',
    source: codes,
  },
  {
    id: 'entra-parameter-missing',
    answer: answer(900144, 90014),
    cause: 'The request lacks a parameter the on-behalf-of flow needs.',
    fix: 'Use the credential entra-obo and set its client id and scopes.',
    source: codes,
  },
  {
    id: 'entra-loop',
    answer: answer(50196, 90055),
    turn: 'set-up',
    cause: 'The same request was sent too often in a short time.',
    fix: 'Monitoring & health → Sign-in logs → the gateway’s app: find the client that repeats itself; the block ends by itself.',
    source: codes,
  },
];
