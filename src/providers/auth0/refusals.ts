import type { KnownRefusal } from '../../model/provider.ts';

const onBehalfOf = 'https://auth0.com/docs/secure/call-apis-on-users-behalf/on-behalf-of-token-exchange';
const customExchange = 'https://auth0.com/docs/authenticate/custom-token-exchange';
const clientGrants = 'https://auth0.com/docs/get-started/applications/application-access-to-apis-client-grants';
const constraining = 'https://auth0.com/docs/secure/sender-constraining/configure-sender-constraining';
const registration = 'https://auth0.com/docs/get-started/applications/dynamic-client-registration';
const dpop = 'https://auth0.com/docs/secure/sender-constraining/demonstrating-proof-of-possession-dpop';

/** What Auth0 refuses an on-behalf-of or custom token exchange with. The console is the Auth0 Dashboard. Its token endpoint
 * says little; Monitoring → Logs says more.
 */
export const auth0Refusals: readonly KnownRefusal[] = [
  {
    id: 'auth0-grant-not-allowed',
    answer: { errors: ['unauthorized_client'], description: /grant type .*not allowed for the client/i },
    cause: 'The gateway’s application may not exchange tokens.',
    fix: 'Applications → the gateway’s application → Settings → Token Exchange: switch On-Behalf-Of Token Exchange on. It must be a Custom API Client: Applications → APIs → the API of the callers’ tokens → Add Application.',
    source: `${onBehalfOf}#configure-the-obo-token-exchange`,
  },
  {
    id: 'auth0-client-grant-missing',
    answer: {
      errors: ['access_denied', 'invalid_request', 'unauthorized_client', 'invalid_target'],
      description: /client (?:"[^"]*" )?is not authorized to access/i,
    },
    turn: 'set-up',
    cause: 'The gateway’s application has no user-delegated access to the API behind.',
    fix: 'Applications → the gateway’s application → API Access → the API → Edit → User-Delegated Access: Grant Access, and choose the permissions.',
    source: `${onBehalfOf}#create-client-grant; ${clientGrants}`,
  },
  {
    id: 'auth0-scope-not-granted',
    answer: { errors: ['invalid_scope', 'access_denied', 'invalid_request'], description: /not been granted scopes/i },
    turn: 'allow',
    cause: 'The gateway’s application was not granted one of the permissions asked for.',
    fix: 'Applications → the gateway’s application → API Access → the API → Edit → User-Delegated Access: tick the permission, or Always grant all permissions. With RBAC on, the user needs it, too: User Management → Users → Permissions.',
    source: clientGrants,
  },
  {
    id: 'auth0-api-unknown',
    answer: { errors: ['access_denied', 'invalid_request', 'invalid_target'], description: /service not found/i },
    turn: 'set-up',
    cause: 'The tenant has no API with the audience asked for.',
    fix: 'Applications → APIs → the API → Settings: copy Identifier as it is, with or without its last slash, into --token-exchange-audience.',
    source: 'https://auth0.com/docs/get-started/apis/api-settings; observed',
  },
  {
    id: 'auth0-audience-missing',
    answer: { errors: ['invalid_request'], description: /missing required parameter: audience/i },
    cause: 'The exchange names no API, and the tenant has no default one.',
    fix: 'Applications → APIs → the API behind → Settings: copy Identifier into --token-exchange-audience.',
    source: onBehalfOf,
  },
  {
    id: 'auth0-token-types',
    answer: { errors: ['invalid_request'], description: /subject_token_type and requested_token_type combination/i },
    cause:
      'Auth0 has no exchange for this pair of token types: on-behalf-of wants access_token for both, a custom exchange its profile’s own type and no requested_token_type.',
    fix: 'Set --provider auth0, with which Usher asks for both; for a Custom Token Exchange Profile set --token-exchange-subject-token-type to the URI of the profile.',
    source: `${onBehalfOf}; ${customExchange}; observed`,
  },
  {
    id: 'auth0-subject-token-invalid',
    answer: {
      errors: ['invalid_request', 'invalid_grant', 'invalid_token', 'access_denied'],
      description: /subject.?token(?!_type)/i,
    },
    cause:
      'The caller’s token is expired, not this tenant’s, or not meant for the API that the gateway’s application belongs to; or an Action rejected it.',
    fix: 'Compare the token’s aud with Applications → APIs → the API that the gateway’s application was added to, and its iss with the tenant. Monitoring → Logs has the reason.',
    source: `${onBehalfOf}#prerequisites; ${customExchange}#tenant-logs`,
  },
  {
    id: 'auth0-consent-required',
    answer: { errors: ['consent_required'] },
    turn: 'set-up',
    cause: 'The API behind wants the user’s consent, for which an exchange cannot ask.',
    fix: 'Applications → APIs → the API → Settings → Access Settings: switch Allow Skipping User Consent on.',
    source:
      'https://auth0.com/docs/get-started/applications/confidential-and-public-applications/user-consent-and-third-party-applications#skip-consent-for-first-party-applications',
  },
  {
    id: 'auth0-user-blocked',
    answer: { errors: ['unauthorized', 'access_denied'], description: /user is blocked/i },
    turn: 'allow',
    cause: 'The user is blocked.',
    fix: 'User Management → Users → the user → Actions → Unblock.',
    source: 'https://auth0.com/docs/manage-users/user-accounts/block-and-unblock-users',
  },
  {
    id: 'auth0-mfa-required',
    answer: { errors: ['mfa_required'] },
    turn: 'set-up',
    cause: 'A policy or an Action wants multifactor authentication, which an exchange cannot do.',
    fix: 'Actions → Triggers → post-login: leave multifactor authentication out where event.transaction.protocol is oauth2-token-exchange; Security → Multi-factor Auth: not Always.',
    source: customExchange,
  },
  {
    id: 'auth0-delegation-too-deep',
    answer: { errors: ['invalid_request'], description: /delegation chain/i },
    cause: 'The token has been exchanged too often: its act claim is as deep as Auth0 allows.',
    fix: 'Exchange the user’s first token for each API instead of one exchanged token for the next.',
    source: `${onBehalfOf}#the-act-claim`,
  },
  {
    id: 'auth0-client-unauthorized',
    answer: { statuses: [401], errors: ['access_denied', 'invalid_client'], description: /^unauthorized$/i },
    turn: 'set-up',
    cause: 'The client id or secret is wrong, or the application authenticates in another way.',
    fix: 'Applications → the gateway’s application → Settings: copy Client ID and Client Secret; Credentials → Authentication Method must be what --token-exchange-client-auth says.',
    source: 'https://auth0.com/docs/api/authentication; observed',
  },
  {
    id: 'auth0-client-unknown',
    answer: {
      errors: ['invalid_client', 'unauthorized_client'],
      description: /unknown client|unknown or invalid client/i,
    },
    cause: 'The tenant has no application with that client id.',
    fix: 'Applications → the gateway’s application → Settings: copy Client ID into --token-exchange-client-id, and Domain into --token-exchange-url.',
    source: 'https://auth0.com/docs/api/authentication; observed',
  },
  {
    id: 'auth0-dpop-nonce',
    answer: { errors: ['use_dpop_nonce'] },
    cause:
      'Auth0 wants its nonce in the proof, as always where the caller’s token is bound to the key of a public client, and the request was not repeated with it.',
    fix: 'Set --token-exchange-dpop, with which Usher repeats the request with the nonce; a proxy in between must let the DPoP-Nonce header through.',
    source: `${onBehalfOf}#token-binding; ${dpop}#public-clients`,
  },
  {
    id: 'auth0-dpop-required',
    answer: {
      errors: ['invalid_dpop_proof', 'invalid_request'],
      description: /(dpop|proof.of.possession|sender.constrain).*(missing|required)/i,
    },
    cause:
      'The gateway’s application or the API behind requires sender-constrained tokens, and the request had no proof.',
    fix: 'Set --token-exchange-dpop, if the service behind can check proofs. Or Applications → APIs → the API → Settings → Token Sender-Constraining: switch Require Token Sender Constraining off, and Require Sender Constraining at the gateway’s application.',
    source: constraining,
  },
  {
    id: 'auth0-dpop-api-off',
    answer: {
      errors: ['invalid_request', 'invalid_dpop_proof', 'access_denied'],
      description: /sender.constrain\w* is not|proof.of.possession is not/i,
    },
    turn: 'set-up',
    cause: 'The gateway’s application requires sender-constrained tokens, and the API behind has no method for them.',
    fix: 'Applications → APIs → the API → Settings → Token Sender-Constraining → Sender Constraining Method: DPoP.',
    source: constraining,
  },
  {
    id: 'auth0-dpop-clock',
    answer: { errors: ['invalid_dpop_proof', 'invalid_request'], description: /dpop.*\biat\b/i },
    cause: 'Auth0 takes the gateway’s proof for too old, or for one of the future.',
    fix: 'Set the clock of this machine (NTP).',
    source: dpop,
  },
  {
    id: 'auth0-dpop-url',
    answer: { errors: ['invalid_dpop_proof', 'invalid_request'], description: /dpop.*\bhtu\b/i },
    cause: 'The gateway’s proof is for another address than Auth0 calls its token endpoint.',
    fix: 'Set --token-exchange-url to the token_endpoint of the tenant’s metadata, at the domain it is asked by; a proxy in between must not change it.',
    source: dpop,
  },
  {
    id: 'auth0-dpop',
    answer: {
      errors: ['invalid_dpop_proof'],
      description: /^(?!.*(missing|required|\biat\b|\bhtu\b|(constrain\w*|possession) is not))/i,
    },
    cause: 'Auth0 does not take the gateway’s proof of possession.',
    fix: 'Compare the clocks, and --token-exchange-url with the tenant’s domain; Monitoring → Logs has the reason. Auth0 takes proofs signed with ES256 or RS256.',
    source: dpop,
  },
  {
    id: 'auth0-registration-off',
    answer: { statuses: [400], errors: ['Bad Request'], description: /dynamic client registration is disabled/i },
    cause: 'Clients may not register themselves at this tenant, although its metadata name an endpoint for it.',
    fix: 'Make an application for the client (Applications → Create Application) and give the client its id; or let the façade register clients. Settings → Advanced → Dynamic Client Registration (DCR) lets anybody make applications in the tenant.',
    source: `${registration}; observed`,
  },
  {
    id: 'auth0-suspicious-ip',
    answer: { statuses: [429], errors: ['too_many_attempts'] },
    cause: 'Attack protection blocks the gateway’s address after exchanges that failed.',
    fix: 'Security → Attack Protection → Suspicious IP Throttling → IP AllowList: the gateway’s address. Monitoring → Logs has the exchanges that failed before.',
    source: 'https://auth0.com/docs/authenticate/custom-token-exchange/cte-attack-protection',
  },
  {
    id: 'auth0-rate-limit',
    answer: { statuses: [429], errors: ['', 'too_many_requests', 'access_denied'] },
    cause: 'The tenant’s rate limit is used up.',
    fix: 'Monitoring → Logs (type api_limit) names the limit. Longer lifetimes of the API’s tokens (Applications → APIs → the API → Settings → Access Token Settings) mean fewer exchanges.',
    source: 'https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy',
  },
  // The words are whatever somebody wrote, and none of the provider's own.
  {
    id: 'auth0-action-denied',
    answer: {
      statuses: [400, 403],
      errors: ['access_denied'],
      description: /^(?!unauthorized$|client |service not found|user is blocked)/i,
    },
    turn: 'allow',
    cause: 'An Action denied the exchange; the description is its own.',
    fix: 'Actions → Triggers → post-login: look for api.access.deny. An exchange runs it with event.transaction.protocol oauth2-token-exchange; Monitoring → Logs (Failed Exchange via On-Behalf-Of Token Exchange) has the reason.',
    source: `${onBehalfOf}; https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger`,
  },
];
