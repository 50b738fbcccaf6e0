import type { FaultLab } from '../start-fault-lab.ts';
import { both } from './both.ts';
import type { SharedFault } from './shared-fault.ts';

/** In a realm of Keycloak it is below the token endpoint. */
function endpointOf(lab: FaultLab): string {
  const { tokenUrl } = lab.server('mcpserver');
  return lab.flavour === 'keycloak' ? `${tokenUrl}/introspect` : tokenUrl.replace(/token$/, 'introspect');
}

/** Where the issuer is asked about tokens. */
const asking = (lab: FaultLab, url?: string, clientSecret = 'gateway-development-secret') => ({
  introspection: { url: url ?? endpointOf(lab), clientSecret },
});

/** What can be wrong where the issuer is asked about tokens; Auth0 and Entra ID cannot be. */
export const introspectionFaults: readonly SharedFault[] = [
  {
    name: 'token-revoked',
    title: 'The token was revoked, and the issuer is asked about it',
    flavours: ['okta'],
    // One the provider never issued: it keeps no list of those that were taken back.
    callerToken: (lab) => lab.tokenWith({ jti: 'AT.revoked' }),
    gateway: (lab) => asking(lab),
    ...both('token-inactive'),
  },
  {
    name: 'introspection-wrong-secret',
    title: 'The secret for asking the issuer about tokens is another',
    flavours: ['okta', 'keycloak'],
    gateway: (lab) => asking(lab, undefined, 'not-the-secret'),
    ...both('introspection-client-wrong'),
  },
  {
    name: 'introspection-misspelt',
    title: 'The introspection endpoint is misspelt',
    flavours: ['okta', 'keycloak'],
    gateway: (lab) => asking(lab, `${lab.server('mcpserver').issuer}/v1/introspection`),
    ...both('introspection-endpoint-wrong'),
  },
  {
    name: 'introspection-down',
    title: 'Nobody listens at the introspection endpoint',
    flavours: ['okta', 'keycloak'],
    gateway: (lab) => asking(lab, 'http://127.0.0.1:1/introspect'),
    ...both('introspection-down'),
  },
  {
    name: 'introspection-answers-html',
    title: 'The introspection endpoint answers with a web page',
    flavours: ['okta', 'keycloak'],
    gateway: (lab) => asking(lab, `${lab.standIn.url}/html`),
    ...both('introspection-answer-unusable'),
  },
];
