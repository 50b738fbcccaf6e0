import type { CauseRow, Facts } from '../cause.ts';

const audienceSetting = '--oidc-audience (servers.NAME.authenticate[].audience)';
const issuerSetting = '--oidc-issuer (servers.NAME.authenticate[].issuer)';

/** Values in details are quoted as JSON. */
function unquote(value: string | number | undefined): string {
  return String(value ?? '').replaceAll('"', '');
}

function isUrl(text: string): boolean {
  return URL.canParse(text);
}

function differsBySlash({ details }: Facts): boolean {
  const [found, expected] = [unquote(details['found']), unquote(details['expected'])];
  return found !== expected && found.replace(/\/+$/, '') === expected.replace(/\/+$/, '');
}

function differsByScheme({ details }: Facts): boolean {
  const [found, expected] = [unquote(details['found']), unquote(details['expected'])];
  return found !== expected && found.replace(/^https?:/, '') === expected.replace(/^https?:/, '');
}

/** Another authorization server of the same provider: the same host, another path. */
function differsByPath({ details }: Facts): boolean {
  const [found, expected] = [unquote(details['found']), unquote(details['expected'])];
  return isUrl(found) && isUrl(expected) && new URL(found).hostname === new URL(expected).hostname;
}

/** An ID token is meant for the client (OpenID Connect Core §2), and neither carries scopes nor names who got it. */
function isIdToken({ caller }: Facts): boolean {
  if (caller === undefined || caller.scp !== undefined) return false;
  return caller.clientId === undefined || [caller.aud ?? []].flat().includes(caller.clientId);
}

/** What can be wrong with the token a caller shows. */
export const tokenCauses: readonly CauseRow[] = [
  {
    id: 'no-token',
    code: 'token_missing',
    who: 'nobody',
    cause: 'The request had no token, as the first request of every client.',
    fix: 'Nothing, when the client signs in next. If it does not: run usher doctor, which looks for the metadata the challenge points to as the client does.',
  },
  {
    id: 'two-tokens',
    code: 'authorization_malformed',
    who: 'client',
    cause: 'The request carried its token in another way than one Authorization header: {reason}.',
    fix: 'Send one header, Authorization: Bearer TOKEN, and no token in the URL.',
  },
  {
    id: 'opaque-token',
    code: 'token_malformed',
    fits: ({ details }) => /opaque|encrypted/.test(String(details['reason'])),
    who: 'client',
    cause: 'The token is no signed JWT: {reason}.',
    fix: 'Let the client ask for the audience or resource of this server (without it some providers issue opaque or encrypted tokens), or let the provider issue JWT access tokens.',
  },
  {
    id: 'token-damaged',
    code: 'token_malformed',
    who: 'client',
    cause: 'The token cannot be read: {reason}.',
    fix: 'Look at what the client sends with usher token inspect; it is cut off, changed or of a kind nobody should take.',
  },
  {
    id: 'token-algorithm',
    code: 'token_algorithm_refused',
    who: 'provider',
    cause: 'The token is signed with {found}, which is not among the algorithms taken here.',
    fix: "Let the provider sign this audience's access tokens with RS256 or another asymmetric algorithm, or widen --oidc-algorithms.",
  },
  {
    id: 'other-token-type',
    code: 'token_type_refused',
    who: 'client',
    cause: 'The client sent a token of type {found}, which is no access token.',
    fix: 'Let the client send the access token.',
  },
  {
    id: 'key-unknown',
    code: 'token_key_unknown',
    who: 'client',
    cause:
      'The token names the key {kid}, which {issuer} does not publish: it was issued before a rotation, or by somebody else.',
    fix: 'Sign in again. If new tokens are refused too, compare the key ids at the jwks_uri with the token (usher token inspect), and see whether --oidc-jwks-url points at another server.',
  },
  {
    id: 'signature-broken',
    code: 'token_signature_invalid',
    who: 'client',
    cause: "The key is the issuer's, the signature is not: the token was changed on its way, or is a forgery.",
    fix: 'Look at the address it came from. A real client signs in again.',
  },
  {
    id: 'issuer-trailing-slash',
    code: 'issuer_mismatch',
    fits: differsBySlash,
    who: 'operator',
    cause: "The token's issuer {found} and the configured one {expected} differ by a slash at the end.",
    fix: `Set ${issuerSetting} to exactly what iss of the token says: issuers are compared byte for byte.`,
  },
  {
    id: 'issuer-scheme',
    code: 'issuer_mismatch',
    fits: differsByScheme,
    who: 'operator',
    cause: "The token's issuer {found} and the configured one {expected} differ by http and https.",
    fix: `Set ${issuerSetting} to exactly what iss of the token says.`,
  },
  {
    id: 'issuer-other-server',
    code: 'issuer_mismatch',
    fits: differsByPath,
    who: 'operator',
    cause: 'The token is of another authorization server of the same provider: {found} instead of {expected}.',
    fix: `Let the client sign in at the server that the metadata of this resource names, or set ${issuerSetting} to that of the token, if that is the right one.`,
  },
  {
    id: 'issuer-foreign',
    code: 'issuer_mismatch',
    who: 'client',
    cause: 'The token is of an issuer that is not configured here: {found}.',
    fix: `Let the client sign in at the server that the metadata of this resource names; or set ${issuerSetting}. A tenant's own domain and the one its provider gave it are two issuers.`,
  },
  {
    id: 'audience-missing',
    code: 'audience_mismatch',
    // A value would stand in quotes.
    fits: ({ details }) => details['found'] === 'missing',
    who: 'provider',
    cause: 'The token is for nobody: it has no audience (aud), and this server takes {expected}.',
    fix: "Let the provider name the audience in it. At Keycloak a client scope the client asks for needs an Audience mapper for the gateway's client; elsewhere the client has to ask for this resource.",
  },
  {
    id: 'id-token-sent',
    code: 'audience_mismatch',
    fits: isIdToken,
    who: 'client',
    cause: 'The client sent its ID token: it is meant for the client itself ({found}) and has no scopes.',
    fix: 'Let the client send the access token of the same sign-in.',
  },
  {
    id: 'audience-other-service',
    code: 'audience_mismatch',
    who: 'operator',
    cause: 'The token is meant for {found}, and this server takes {expected}.',
    fix: `If that is the audience of the authorization server people sign in at, set ${audienceSetting} to it. Else the client asked for another resource: it must send this server's resource URL when it signs in.`,
  },
  {
    id: 'token-expired',
    code: 'token_expired',
    who: 'client',
    cause: 'The token ended at {expiredAt}.',
    fix: "The client refreshes it or signs in again. If it says that the token is new, the clock here is ahead: usher doctor compares it with the provider's.",
  },
  {
    id: 'clock-behind',
    code: 'token_not_yet_valid',
    who: 'operator',
    cause:
      'The token is valid from {notBefore}, which is in the future here: this clock is behind the one of the provider.',
    fix: 'Set the clock of this machine (NTP). --oidc-clock-skew forgives up to 300 s.',
  },
  {
    id: 'token-dpop-bound',
    code: 'token_bound',
    who: 'client',
    cause: 'The token is bound to a key of the client (DPoP), and came as Bearer without a proof.',
    fix: 'Let the client send it by the scheme DPoP with a proof, or let the provider issue it unbound to this client. If the client does: somebody took the token and has no key.',
  },
  {
    id: 'token-unbound',
    code: 'token_not_bound',
    who: 'client',
    cause: 'The token is bound to no key: {wanted}.',
    fix: 'Let the client send a proof (DPoP) with its token request too, which the provider has to support; or do not ask for it here (--require-dpop).',
  },
  {
    id: 'proof-for-other-url',
    code: 'dpop_proof_invalid',
    fits: ({ details }) => /\bhtu\b/.test(String(details['reason'])),
    who: 'operator',
    cause: 'The proof (DPoP) is for another URL than the gateway has: {reason}.',
    fix: 'Set --resource-url to the URL clients call, as it is in front of every proxy.',
  },
  {
    id: 'proof-at-other-time',
    code: 'dpop_proof_invalid',
    fits: ({ details }) => /\biat\b|old|future|time/.test(String(details['reason'])),
    who: 'operator',
    cause: 'The proof (DPoP) was made at another time than now: {reason}.',
    fix: "Compare the clocks of the client and of this machine; usher doctor compares the provider's. --dpop-max-age says how old a proof may be.",
  },
  {
    id: 'proof-invalid',
    code: 'dpop_proof_invalid',
    who: 'client',
    cause: 'The proof (DPoP) is not good: {reason}.',
    fix: 'A defect of the client: update it. Otherwise somebody tried with a token or a proof of others.',
  },
  {
    id: 'proof-without-nonce',
    code: 'dpop_nonce_needed',
    who: 'nobody',
    cause: 'The proof (DPoP) has to hold a nonce, which this very answer gave.',
    fix: 'Nothing: the client makes a new proof with it. If it does not, it does not know nonces: --dpop-nonces asks for them.',
  },
  {
    id: 'too-many-proofs',
    code: 'dpop_proofs_too_many',
    who: 'operator',
    cause: 'More proofs (DPoP) came in a short time than are remembered ({held}).',
    fix: 'Look who calls so often; a lower --dpop-max-age lets go of them sooner.',
  },
  {
    id: 'token-bound-otherwise',
    code: 'token_claim_invalid',
    fits: ({ details }) => details['claim'] === 'cnf',
    who: 'client',
    cause: 'The token is bound to something that is not proved here: claim cnf {reason}.',
    fix: 'Let the provider bind it to a DPoP key, or not at all, for this client.',
  },
  {
    id: 'claim-missing',
    code: 'token_claim_invalid',
    who: 'provider',
    cause: 'Claim {claim} of the token {reason}.',
    fix: "Let the provider put it into this audience's access tokens: without exp a token has no end, without sub nobody can be named.",
  },
];
