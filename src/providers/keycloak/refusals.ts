import type { KnownRefusal } from '../../model/provider.ts';

const guide = 'https://www.keycloak.org/securing-apps/token-exchange';
const standardExchange =
  'https://github.com/keycloak/keycloak/blob/26.7.3/services/src/main/java/org/keycloak/protocol/oidc/tokenexchange/StandardTokenExchangeProvider.java';
const proofCheck =
  'https://github.com/keycloak/keycloak/blob/26.7.3/services/src/main/java/org/keycloak/services/util/DPoPUtil.java';
const observed = 'observed with 26.7.3';

/** What Keycloak's standard token exchange (version 2) refuses with. */
export const keycloakRefusals: readonly KnownRefusal[] = [
  {
    id: 'keycloak-exchange-off',
    answer: { errors: ['invalid_request'], description: /token exchange is not enabled/i },
    cause: 'The gateway’s client may not exchange tokens.',
    fix: 'Clients → the gateway’s client → Settings → Capability config: switch Client authentication on and tick Standard Token Exchange.',
    source: `${guide}; ${observed}`,
  },
  {
    id: 'keycloak-exchange-unsupported',
    answer: { errors: ['unsupported_grant_type'] },
    cause:
      'This Keycloak has no standard token exchange: it is older than 26.2, or started with --features-disabled=token-exchange-standard.',
    fix: 'Run Keycloak 26.2 or newer, where the feature token-exchange-standard is on.',
    source: guide,
  },
  {
    id: 'keycloak-not-in-audience',
    answer: { errors: ['access_denied'], description: /not within the token audience|not the holder of the token/i },
    turn: 'set-up',
    cause: 'The caller’s token is not meant for the gateway’s client: its aud does not contain that client id.',
    fix: 'Client scopes → a scope the callers’ client has → Mappers → Configure a new mapper → Audience: Included Client Audience is the gateway’s client, Add to access token On.',
    source: `${guide}; status 403 ${observed}`,
  },
  {
    id: 'keycloak-audience-not-available',
    answer: { errors: ['invalid_request'], description: /requested audience not available/i },
    cause: 'Nothing the gateway’s client asked for brings that audience into the new token.',
    fix: 'Clients → the gateway’s client → Client scopes: add, as Optional, a scope with an Audience mapper for the target client, and name it in --token-exchange-scopes. The Evaluate tab there shows the resulting token.',
    source: `${guide}; ${observed}`,
  },
  {
    id: 'keycloak-audience-unknown',
    answer: { errors: ['invalid_client'], description: /audience not found/i },
    cause: 'The realm has no client with the audience’s name.',
    fix: 'Clients → Create client: its Client ID is the audience of the API; or mend --token-exchange-audience.',
    source: `${guide}; ${observed}`,
  },
  {
    id: 'keycloak-audience-disabled',
    answer: { errors: ['invalid_client'], description: /client disabled/i },
    cause: 'The client that stands for the audience is switched off.',
    fix: 'Clients → the target client: switch Enabled on.',
    source: standardExchange,
  },
  {
    id: 'keycloak-scope-invalid',
    answer: { errors: ['invalid_scope'], description: /invalid scopes/i },
    cause: 'The gateway’s client does not have one of the scopes asked for.',
    fix: 'Clients → the gateway’s client → Client scopes → Add client scope: the scope, as Optional; or mend --token-exchange-scopes.',
    source: observed,
  },
  {
    id: 'keycloak-consent-missing',
    answer: { errors: ['invalid_scope'], description: /missing consents/i },
    turn: 'allow',
    cause: 'The gateway’s client has Consent required, and this user has not consented; an exchange cannot ask.',
    fix: 'Clients → the gateway’s client → Settings → Login settings: switch Consent required off, or let the user sign in at that client once.',
    source: `${guide}; ${observed}`,
  },
  {
    id: 'keycloak-subject-token-invalid',
    answer: { errors: ['invalid_request', 'invalid_token'], description: /^invalid (?:subject )?token$/i },
    turn: 'sign-in',
    cause: 'The caller’s token is expired or not this realm’s, its session ended, or its user is disabled.',
    fix: 'The user signs in again. If that does not help compare the token’s iss with the realm of --token-exchange-url, and look at Users → the user → Sessions.',
    source: `${standardExchange}; ${observed}`,
  },
  {
    id: 'keycloak-subject-token-type',
    answer: {
      errors: ['invalid_request'],
      description: /supports access tokens only|invalid subject token type|must be access token/i,
    },
    cause: 'Standard token exchange takes access tokens only.',
    fix: 'Send urn:ietf:params:oauth:token-type:access_token as the subject token’s type; the client must send its access token, not its ID token.',
    source: `${guide}; ${observed}`,
  },
  {
    id: 'keycloak-requested-token-type',
    answer: { errors: ['invalid_request'], description: /requested_token_type unsupported/i },
    cause: 'Keycloak issues access, ID and, where allowed, refresh tokens, and no other requested_token_type.',
    fix: 'Leave requested_token_type out.',
    source: `${standardExchange}; ${observed}`,
  },
  {
    id: 'keycloak-legacy-parameter',
    answer: {
      errors: ['invalid_request'],
      description: /'(?:requested_subject|requested_issuer|subject_issuer)' is not supported/i,
    },
    cause: 'A parameter of the legacy token exchange was sent to the standard one.',
    fix: 'Leave requested_subject, requested_issuer and subject_issuer out of the exchange’s parameters.',
    source: standardExchange,
  },
  {
    id: 'keycloak-public-client',
    answer: { errors: ['invalid_client'], description: /public client is not allowed/i },
    cause: 'The gateway’s client is public.',
    fix: 'Clients → the gateway’s client → Settings → Capability config: switch Client authentication on, then take the secret from the Credentials tab.',
    source: `${standardExchange}; ${observed}`,
  },
  {
    id: 'keycloak-bearer-only',
    answer: { errors: ['invalid_client'], description: /bearer-only not allowed/i },
    cause: 'The gateway’s client is bearer-only: it may check tokens, and ask for none.',
    fix: 'Clients → the gateway’s client → Settings → Capability config: switch Client authentication on and tick Standard Token Exchange; in an imported realm take bearerOnly out.',
    source: observed,
  },
  {
    id: 'keycloak-client-authentication',
    answer: {
      errors: ['invalid_client'],
      description: /client_assertion_type is missing|missing client_id parameter/i,
    },
    cause: 'The gateway’s client has to prove itself by a key or a certificate, and the request had a secret.',
    fix: 'Clients → the gateway’s client → Credentials: set Client Authenticator to Client Id and Secret; or set --token-exchange-client-auth to what stands there.',
    source: observed,
  },
  {
    id: 'keycloak-dpop-clock',
    answer: { errors: ['invalid_request', 'invalid_dpop_proof'], description: /dpop proof is not active/i },
    cause:
      'Keycloak takes the gateway’s proof for too old, or for one of the future: the clocks differ by more than 15 seconds.',
    fix: 'Set the clocks of this machine and of Keycloak’s (NTP).',
    source: `${proofCheck}; ${observed}`,
  },
  {
    id: 'keycloak-dpop-url',
    answer: { errors: ['invalid_request', 'invalid_dpop_proof'], description: /dpop http url mismatch/i },
    cause: 'The gateway’s proof is for another address than Keycloak calls its token endpoint.',
    fix: 'Set --token-exchange-url to the token_endpoint of the realm’s metadata; where that is not the address it is asked by, set Keycloak’s --hostname, and --proxy-headers behind a proxy.',
    source: `${proofCheck}; ${observed}`,
  },
  {
    id: 'keycloak-sender-constrained',
    answer: {
      errors: ['invalid_request', 'invalid_dpop_proof'],
      description: /sender-constrained|dpop proof(?! is not active)/i,
    },
    cause:
      'The caller’s token is bound to a key, or the gateway’s client requires DPoP, and the request had no fitting proof.',
    fix: 'Set --token-exchange-dpop, or Clients → the gateway’s client → Settings → Capability config: Require DPoP bound tokens Off. Tokens bound to another client’s key cannot be exchanged.',
    source: `${standardExchange}; ${observed}`,
  },
  {
    id: 'keycloak-secret-wrong',
    answer: { statuses: [401], errors: ['unauthorized_client'] },
    cause: 'The client secret is not the client’s, or the client authenticates in another way.',
    fix: 'Clients → the gateway’s client → Credentials: compare Client Secret and Client Authenticator with --token-exchange-client-secret-file and --token-exchange-client-auth.',
    source: observed,
  },
  {
    id: 'keycloak-client-unknown',
    answer: { statuses: [401], errors: ['invalid_client'] },
    cause: 'The realm has no enabled client with that client id.',
    fix: 'Clients: look the gateway’s Client ID up, in the realm of --token-exchange-url; switch it Enabled.',
    source: observed,
  },
  {
    id: 'keycloak-realm-unknown',
    answer: { errors: ['Realm does not exist'] },
    cause: 'The token endpoint’s URL names a realm that does not exist.',
    fix: 'Realm settings → General → Endpoints → OpenID Endpoint Configuration: take token_endpoint from there for --token-exchange-url.',
    source: observed,
  },
  {
    id: 'keycloak-realm-disabled',
    answer: { statuses: [403], errors: ['access_denied'], description: /realm not enabled/i },
    turn: 'set-up',
    cause: 'The realm is switched off.',
    fix: 'Realm settings: switch the realm Enabled.',
    source: `https://github.com/keycloak/keycloak/blob/26.7.3/services/src/main/java/org/keycloak/protocol/oidc/endpoints/TokenEndpoint.java; ${observed}`,
  },
  {
    id: 'keycloak-https-required',
    answer: { statuses: [403], errors: ['invalid_request'], description: /https required/i },
    cause: 'The realm takes no plain-http requests from this address.',
    fix: 'Use the https address in --token-exchange-url, or Realm settings → General → Require SSL; behind a proxy set proxy-headers.',
    source:
      'https://github.com/keycloak/keycloak/blob/26.7.3/services/src/main/java/org/keycloak/protocol/oidc/endpoints/TokenEndpoint.java',
  },
];
