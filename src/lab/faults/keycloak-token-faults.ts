import type { Fault } from '../fault.ts';
import { both } from './both.ts';

/** What can be wrong with the tokens that a realm issues to callers. */
export const keycloakTokenFaults: readonly Fault[] = [
  {
    name: 'keycloak-audience-mapper-missing',
    title: 'The scope of the call has no Audience mapper, and the token no audience',
    callerToken: (lab) => lab.tokenWith({ aud: undefined }),
    ...both('audience-missing'),
  },
  {
    name: 'keycloak-audience-account',
    title: "The token is for 'account' alone, as those of clients without an Audience mapper",
    callerToken: (lab) => lab.tokenWith({ aud: 'account' }),
    ...both('audience-other-service'),
  },
  {
    name: 'keycloak-basic-scope-missing',
    title: "The users' client lacks the client scope 'basic', which brings sub",
    callerToken: (lab) => lab.tokenWith({ sub: undefined, auth_time: undefined }),
    ...both('claim-missing'),
  },
  {
    name: 'keycloak-hostname-not-set',
    title: 'Keycloak has no --hostname, and calls itself in tokens as it was asked for',
    callerToken: (lab) => lab.tokenWith({ iss: 'http://keycloak:8080/realms/countries' }),
    ...both('issuer-foreign'),
  },
  {
    name: 'keycloak-introspection-by-another-client',
    title: 'Keycloak is asked about tokens by a client they are not meant for',
    callerToken: (lab) => lab.tokenWith({ aud: 'another-gateway' }),
    gateway: (lab) => ({
      audience: 'another-gateway',
      introspection: {
        url: `${lab.server('mcpserver').tokenUrl}/introspect`,
        clientSecret: 'gateway-development-secret',
      },
    }),
    ...both('token-inactive'),
  },
];
