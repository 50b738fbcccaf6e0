import { both } from './both.ts';
import type { SharedFault } from './shared-fault.ts';

const minuteMs = 60_000;

/** What can be wrong with the caller's token, and with what is expected of it. */
export const callerFaults: readonly SharedFault[] = [
  {
    name: 'token-expired',
    title: 'The caller shows a token that has ended',
    callerToken: (lab) => {
      const nowSeconds = Math.floor(Date.now() / 1000);
      return lab.tokenWith({ iat: nowSeconds - 7200, exp: nowSeconds - 3600 });
    },
    ...both('token-expired'),
  },
  {
    name: 'clock-behind',
    title: 'The clock of the gateway is ten minutes behind',
    clockAheadMs: -10 * minuteMs,
    ...both('clock-behind'),
  },
  {
    name: 'clock-ahead',
    title: 'The clock of the gateway is two hours ahead',
    clockAheadMs: 120 * minuteMs,
    // Tokens of Auth0 live a day.
    callerToken: (lab) => lab.tokenWith({ exp: Math.floor(Date.now() / 1000) + 3600 }),
    // From one token alone nobody can tell; the fix says to compare clocks.
    explain: ['token-expired'],
    doctor: ['clock-ahead'],
  },
  {
    name: 'trailing-slash',
    title: 'The issuer is configured with a slash at its end',
    // Auth0's has one.
    flavours: ['okta', 'keycloak', 'entra'],
    gateway: (lab) => ({ issuer: `${lab.server('mcpserver').issuer}/` }),
    ...both('issuer-trailing-slash'),
  },
  {
    name: 'issuer-misspelt',
    title: 'The issuer is configured with the name of a server that is not there',
    // Auth0's tenants have hosts of their own.
    flavours: ['okta', 'keycloak', 'entra'],
    gateway: (lab) => ({ issuer: lab.server('mcpserver').issuer.replace(/\w+(?=(?:\/v2\.0)?$)/, 'misspelt') }),
    explain: ['issuer-other-server'],
    doctor: ['issuer-metadata-missing'],
    // A tenant's id that is none looks like a tenant's name.
    otherwise: { entra: { explain: ['issuer-tenant-name'] } },
  },
  {
    name: 'https-for-http',
    title: 'The issuer is configured with https, and is on http',
    flavours: ['okta'],
    gateway: (lab) => ({ issuer: lab.server('mcpserver').issuer.replace('http:', 'https:') }),
    explain: ['issuer-scheme'],
    doctor: ['issuer-plain-http', 'issuer-scheme'],
  },
  {
    name: 'issuer-on-http',
    title: 'The issuer is configured with http, and is on https',
    flavours: ['keycloak', 'auth0', 'entra'],
    gateway: (lab) => ({ issuer: lab.server('mcpserver').issuer.replace('https:', 'http:') }),
    explain: ['issuer-scheme'],
    doctor: ['issuer-unreachable', 'issuer-scheme'],
  },
  {
    name: 'issuer-of-other-server',
    title: "The issuer is configured as the back end's authorization server",
    flavours: ['okta'],
    gateway: (lab) => ({ issuer: lab.server('backend').issuer }),
    explain: ['issuer-other-server'],
    // Nobody can tell the redirect URIs of a server where no client is allowed; the token is judged in any case.
    doctor: ['issuer-other-server', 'redirect-uri-missing'],
  },
  {
    name: 'issuer-down',
    title: 'Nobody listens where the issuer is configured',
    gateway: () => ({ issuer: 'http://127.0.0.1:1/oauth2/mcpserver' }),
    explain: ['issuer-foreign'],
    doctor: ['issuer-unreachable'],
  },
  {
    name: 'caller-audience',
    title: 'The audience expected of callers is not the one of their authorization server',
    gateway: () => ({ audience: 'api' }),
    ...both('audience-other-service'),
  },
  {
    name: 'id-token-sent',
    title: 'The client sends its ID token',
    callerToken: (lab) => lab.idToken(),
    ...both('id-token-sent'),
  },
  {
    name: 'token-of-another-server',
    title: "The client sends a token of the back end's authorization server",
    flavours: ['okta'],
    callerToken: (lab) => {
      const { issuer, audience } = lab.server('backend');
      return lab.tokenWith({ iss: issuer, aud: audience, scp: ['backend-api:read'] }, 'backend');
    },
    ...both('issuer-other-server'),
  },
  {
    name: 'token-of-another-service',
    title: 'The client asked for a token for another resource',
    callerToken: (lab) => lab.tokenWith({ aud: 'https://other.example/mcp' }),
    ...both('audience-other-service'),
  },
  {
    name: 'key-withdrawn',
    title: 'The token is signed with a key that the issuer does not publish any more',
    callerToken: (lab) => lab.tokenWith({}, 'nobody'),
    ...both('key-unknown'),
  },
  {
    name: 'token-changed',
    title: 'The token was changed on its way',
    callerToken: async (lab) => {
      const [good, other] = await Promise.all([lab.usualToken(), lab.tokenWith({ jti: 'another' })]);
      return [...good.split('.').slice(0, 2), other.split('.')[2]].join('.');
    },
    ...both('signature-broken'),
  },
  {
    name: 'opaque-token',
    title: 'The provider issued an opaque token, since the client named no resource',
    callerToken: async () => 'Zm9yIG5vYm9keSBidXQgdGhlIHByb3ZpZGVy',
    ...both('opaque-token'),
  },
  {
    name: 'bound-token',
    title: "The caller's token is bound to a key, and no proof comes with it",
    callerToken: (lab) => lab.tokenWith({ cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } }),
    explain: ['token-dpop-bound'],
    doctor: { nothing: 'the token itself is good, and it shows it to the provider only' },
    otherwise: { keycloak: { doctor: ['keycloak-sender-constrained'] } },
  },
  {
    name: 'unbound-token',
    title: 'Callers have to prove a key (DPoP), and their tokens are bound to none',
    gateway: () => ({ requireDpop: true }),
    ...both('token-unbound'),
  },
  {
    name: 'required-scope-missing',
    title: 'The provider did not grant the scope that is required here',
    callerToken: (lab) => lab.tokenWith({ scope: 'openid email', scp: undefined, permissions: undefined }),
    ...both('scope-missing'),
  },
  {
    name: 'tool-denied',
    title: 'A rule keeps the tool from this user',
    gateway: () => ({ rules: [{ tools: ['GetCountry'], claims: { sub: ['bob@example.com'] } }] }),
    ...both('tool-denied'),
  },
];
