import type { Fault } from '../fault.ts';
import type { FaultLab } from '../start-fault-lab.ts';

const both = (...causes: [string, ...string[]]) => ({ explain: causes, doctor: causes }) as const;
const minuteMs = 60_000;

/** Where the issuer is asked about tokens. */
const asking = (lab: FaultLab, url?: string, clientSecret = 'gateway-development-secret') => ({
  introspection: { url: url ?? lab.server('mcpserver').tokenUrl.replace(/token$/, 'introspect'), clientSecret },
});

/** What can be wrong with the caller's token, and with what is expected of it. */
export const callerFaults: readonly Fault[] = [
  {
    name: 'token-expired',
    title: 'The caller shows a token that has ended',
    callerToken: (lab) => {
      const nowSeconds = Math.floor(Date.now() / 1000);
      return lab.token({ issuedAt: nowSeconds - 7200, expiresAt: nowSeconds - 3600 });
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
    // From one token alone nobody can tell; the fix says to compare clocks.
    explain: ['token-expired'],
    doctor: ['clock-ahead'],
  },
  {
    name: 'trailing-slash',
    title: 'The issuer is configured with a slash at its end',
    gateway: (lab) => ({ issuer: `${lab.server('mcpserver').issuer}/` }),
    ...both('issuer-trailing-slash'),
  },
  {
    name: 'issuer-misspelt',
    title: 'The issuer is configured with the name of a server that is not there',
    gateway: (lab) => ({ issuer: lab.server('mcpserver').issuer.replace('mcpserver', 'mcp-server') }),
    explain: ['issuer-other-server'],
    doctor: ['issuer-metadata-missing'],
  },
  {
    name: 'issuer-of-other-server',
    title: "The issuer is configured as the back end's authorization server",
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
    callerToken: async (lab) => {
      const nowSeconds = Math.floor(Date.now() / 1000);
      const { issuer } = lab.server('mcpserver');
      return lab.sign({
        iss: issuer,
        aud: 'demo',
        sub: '00u1',
        jti: 'ID.1',
        iat: nowSeconds,
        exp: nowSeconds + 300,
        nonce: 'n',
      });
    },
    ...both('id-token-sent'),
  },
  {
    name: 'token-of-another-server',
    title: "The client sends a token of the back end's authorization server",
    callerToken: (lab) => {
      const { issuer, audience } = lab.server('backend');
      return lab.token({ issuer, audience, scopes: ['backend-api:read'] }, 'backend');
    },
    ...both('issuer-other-server'),
  },
  {
    name: 'token-of-another-service',
    title: 'The client asked for a token for another resource',
    callerToken: (lab) => lab.token({ audience: 'https://other.example/mcp' }),
    ...both('audience-other-service'),
  },
  {
    name: 'key-withdrawn',
    title: 'The token is signed with a key that the issuer does not publish any more',
    callerToken: (lab) => lab.token({}, 'backend'),
    ...both('key-unknown'),
  },
  {
    name: 'token-changed',
    title: 'The token was changed on its way',
    callerToken: async (lab) => {
      const [good, other] = await Promise.all([lab.token(), lab.token()]);
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
    callerToken: (lab) => lab.token({ jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' }),
    explain: ['token-dpop-bound'],
    doctor: { nothing: 'the token itself is good, and it shows it to the provider only' },
  },
  {
    name: 'unbound-token',
    title: 'Callers have to prove a key (DPoP), and their tokens are bound to none',
    gateway: () => ({ requireDpop: true }),
    ...both('token-unbound'),
  },
  {
    name: 'token-revoked',
    title: 'The token was revoked, and the issuer is asked about it',
    gateway: (lab) => asking(lab),
    ...both('token-inactive'),
  },
  {
    name: 'introspection-wrong-secret',
    title: 'The secret for asking the issuer about tokens is another',
    gateway: (lab) => asking(lab, undefined, 'not-the-secret'),
    ...both('introspection-client-wrong'),
  },
  {
    name: 'introspection-misspelt',
    title: 'The introspection endpoint is misspelt',
    gateway: (lab) => asking(lab, `${lab.server('mcpserver').issuer}/v1/introspection`),
    ...both('introspection-endpoint-wrong'),
  },
  {
    name: 'introspection-down',
    title: 'Nobody listens at the introspection endpoint',
    gateway: (lab) => asking(lab, 'http://127.0.0.1:1/introspect'),
    ...both('introspection-down'),
  },
  {
    name: 'introspection-answers-html',
    title: 'The introspection endpoint answers with a web page',
    gateway: (lab) => asking(lab, `${lab.standIn.url}/html`),
    ...both('introspection-answer-unusable'),
  },
  {
    name: 'required-scope-missing',
    title: 'The provider did not grant the scope that is required here',
    callerToken: (lab) => lab.token({ scopes: ['openid', 'email'] }),
    ...both('scope-missing'),
  },
  {
    name: 'tool-denied',
    title: 'A rule keeps the tool from this user',
    gateway: () => ({ rules: [{ tools: ['GetCountry'], claims: { sub: ['bob@example.com'] } }] }),
    ...both('tool-denied'),
  },
];
