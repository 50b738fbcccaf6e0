import type { KnownRefusal } from '../../model/provider.ts';

const reference = 'https://developer.okta.com/docs/reference/api/oidc/';
const exchangeGuide = 'https://developer.okta.com/docs/guides/set-up-token-exchange/main/';
const errorCodes = 'https://developer.okta.com/docs/reference/error-codes/';
const dpopGuide = 'https://developer.okta.com/docs/guides/dpop/oktaresourceserver/main/';

/** What Okta's custom authorization servers refuse an exchange with. "Observed": in answers of live orgs. */
export const oktaRefusals: readonly KnownRefusal[] = [
  {
    id: 'okta-policy',
    answer: { errors: ['access_denied'], description: /policy evaluation failed/i },
    cause:
      'No active rule of an active access policy of the target authorization server grants this app token exchange with all the scopes asked for.',
    fix: 'Security → API → the target authorization server → Access Policies: a policy that is Active and assigned to the gateway’s app, with a rule that has Token Exchange among its grant types and every scope asked for. One scope that no rule grants refuses all of them.',
    source: 'https://developer.okta.com/docs/guides/configure-access-policy/main/; the status 401 observed',
  },
  {
    id: 'okta-user-not-assigned',
    answer: { errors: ['access_denied'], description: /not assigned to the client application/i },
    cause: 'The user is not assigned to the app.',
    fix: 'Applications → the app → Assignments → Assign: the user, or a group the user is in.',
    source: errorCodes,
  },
  {
    id: 'okta-network-zone',
    answer: { statuses: [403], errors: ['access_denied'] },
    turn: 'set-up',
    cause: 'Okta takes no request from this network address.',
    fix: 'Security → Networks: take the gateway’s address out of the blocked zone, or add it to the zone that the app’s or the server’s policy names.',
    source: reference,
  },
  {
    id: 'okta-scope-unknown',
    answer: { errors: ['invalid_scope'], description: /not configured for the authorization server/i },
    cause:
      'The target authorization server has no scope of that name; there is no down-scoping, one unknown scope refuses all.',
    fix: 'Security → API → the target authorization server → Scopes → Add Scope, or mend the name in --token-exchange-scopes.',
    source: reference,
  },
  {
    id: 'okta-scope-none',
    answer: { errors: ['invalid_scope'], description: /no scopes were requested/i },
    cause: 'The exchange asked for no scope, and the target authorization server has no default scope.',
    fix: 'Set --token-exchange-scopes, or tick Set as a default scope at a scope under Security → API → the target authorization server → Scopes.',
    source: reference,
  },
  {
    id: 'okta-scope-openid',
    answer: { errors: ['invalid_scope', 'invalid_request'], description: /open ?id/i },
    cause: 'A service app asked for a scope of OpenID Connect or for offline_access, which an exchange never grants.',
    fix: 'Leave openid, profile, email and offline_access out of --token-exchange-scopes; add a custom scope under Security → API → the target authorization server → Scopes.',
    source: `${exchangeGuide}; the log reason openid_not_allowed_token_exchange observed`,
  },
  {
    id: 'okta-grant-not-ticked',
    answer: { errors: ['unauthorized_client'], description: /not authorized to use the provided grant type/i },
    cause: 'The gateway’s app may not use the token exchange grant.',
    fix: 'Applications → the gateway’s app → General → General Settings → Edit: tick Token Exchange under Grant type → Advanced.',
    source: exchangeGuide,
  },
  {
    id: 'okta-grant-unsupported',
    answer: { errors: ['unsupported_grant_type'] },
    cause:
      'The token endpoint knows no token exchange: it is the org’s own authorization server, or the org lacks the feature.',
    fix: 'Point --token-exchange-url at a custom authorization server, https://ORG/oauth2/ID/v1/token; if it is one, Settings → Features: enable OAuth 2.0 On-Behalf-Of Token Exchange.',
    source: exchangeGuide,
  },
  {
    id: 'okta-server-not-trusted',
    answer: { errors: ['invalid_request'], description: /'subject_token' is invalid/i },
    cause:
      'The caller’s token was issued by an authorization server that the target does not trust, by the org’s own one, or it is no access token of Okta.',
    fix: 'Security → API → the target authorization server → Settings → Trusted servers → Add Server: the one the callers sign in at.',
    source: `${exchangeGuide}#trusted-servers; observed`,
  },
  {
    id: 'okta-subject-token-ended',
    answer: { errors: ['invalid_grant'], description: /subject token is invalid/i },
    cause: 'The caller’s token has expired or was revoked.',
    fix: 'The user signs in again; if that happens soon after every sign-in, Security → API → the callers’ authorization server → Access Policies → the rule: raise Access token lifetime, and compare the clocks.',
    source:
      'https://support.okta.com/help/s/article/error-subject-token-is-invalid-during-oauth-2-0-token-exchange-flow',
  },
  {
    id: 'okta-subject-token-type',
    answer: { errors: ['invalid_request'], description: /'subject_token_type'/i },
    cause: 'Okta exchanges access tokens only.',
    fix: 'Send urn:ietf:params:oauth:token-type:access_token as the subject token’s type; the client must send its access token, not its ID token.',
    source: exchangeGuide,
  },
  {
    id: 'okta-audience',
    answer: { errors: ['invalid_target', 'invalid_request'], description: /audience/i },
    cause: 'The audience asked for is not that of the target authorization server; each has exactly one.',
    fix: 'Security → API → the target authorization server → Settings: copy Audience as it is into --token-exchange-audience.',
    source: `${exchangeGuide}; RFC 8693 §2.2.2`,
  },
  {
    id: 'okta-client-unknown',
    answer: { errors: ['invalid_client'], description: /invalid value for 'client_id'/i },
    cause: 'The org has no active app with that client id.',
    fix: 'Applications → the gateway’s app → General → Client Credentials: copy Client ID into --token-exchange-client-id; the app must be Active.',
    source: errorCodes,
  },
  {
    id: 'okta-secret-wrong',
    answer: { errors: ['invalid_client'], description: /client secret supplied/i },
    cause: 'The client secret is not the app’s, or no longer active.',
    fix: 'Applications → the gateway’s app → General → Client secrets: compare, or Generate new secret, and put it into --token-exchange-client-secret-file.',
    source: reference,
  },
  {
    id: 'okta-client-authentication',
    answer: { errors: ['invalid_client'], description: /client authentication failed|client_assertion/i },
    cause: 'The gateway proves who it is in another way than its app is set up for.',
    fix: 'Applications → the gateway’s app → General → Client Credentials → Client authentication: Client secret for --token-exchange-client-auth client_secret_basic or client_secret_post, Public key / Private key for private_key_jwt with its key registered.',
    source: 'https://developer.okta.com/docs/api/openapi/okta-oauth/guides/client-auth/',
  },
  {
    id: 'okta-credentials-twice',
    answer: { errors: ['invalid_request'], description: /multiple client credentials/i },
    cause: 'The request proved who the gateway is in two ways at once.',
    fix: 'Use one of client_secret_basic, client_secret_post and private_key_jwt; look for a proxy that adds an Authorization header.',
    source: reference,
  },
  {
    id: 'okta-dpop-required',
    answer: { errors: ['invalid_dpop_proof'] },
    cause:
      'The gateway’s app requires proof of possession, which is the default of new API Services apps, and the request had none or a wrong one.',
    fix: 'Set --token-exchange-dpop, if the service behind can check proofs. Or Applications → the gateway’s app → General → General Settings → Edit: untick Require Demonstrating Proof of Possession (DPoP) header in token requests.',
    source: dpopGuide,
  },
  {
    id: 'okta-dpop-nonce',
    answer: { errors: ['use_dpop_nonce'] },
    cause:
      'Okta wants its nonce in the DPoP proof; that is the first answer to every proof, and the request was not repeated with it.',
    fix: 'Set --token-exchange-dpop, with which Usher repeats the request with the nonce; a proxy in between must let the DPoP-Nonce header through. Or untick Require Demonstrating Proof of Possession (DPoP) header in token requests at the app.',
    source: dpopGuide,
  },
  {
    id: 'okta-code-ended',
    answer: { errors: ['invalid_grant'], description: /authorization code is invalid/i },
    cause: 'An authorization code was redeemed twice or too late.',
    fix: 'The user signs in again; a code is good for 60 seconds and once.',
    source: reference,
  },
  {
    id: 'okta-server-not-found',
    answer: { errors: ['E0000007', 'E0000022'] },
    cause: 'The token endpoint’s URL names an authorization server that does not exist or is not active.',
    fix: 'Security → API → Authorization Servers: the server must be Active; copy its Issuer URI and append /v1/token for --token-exchange-url.',
    source: errorCodes,
  },
  {
    id: 'okta-feature-missing',
    answer: { errors: ['E0000015'] },
    cause: 'The org’s plan has no API Access Management, which custom authorization servers need.',
    fix: 'Ask Okta for API Access Management; without it there is no Security → API → Authorization Servers and no exchange.',
    source: errorCodes,
  },
  {
    id: 'okta-rate-limit',
    answer: { statuses: [429] },
    cause: 'The org’s rate limit for the token endpoint is used up.',
    fix: 'Reports → Rate Limits: see who used it up; calls go on when the window is over.',
    source: 'https://developer.okta.com/docs/reference/rate-limits/',
  },
];
