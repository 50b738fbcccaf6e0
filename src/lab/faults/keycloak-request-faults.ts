import type { Fault } from '../fault.ts';
import type { FaultLab } from '../start-fault-lab.ts';
import { both } from './both.ts';

const realmOf = (lab: FaultLab) => lab.server('mcpserver').issuer;
const otherTokenUrl =
  (change: (url: string) => string): NonNullable<Fault['gateway']> =>
  (lab) => ({ tokenUrl: change(lab.server('backend').tokenUrl) });

/** What can be wrong in the gateway's settings where the provider is Keycloak. */
export const keycloakRequestFaults: readonly Fault[] = [
  {
    name: 'keycloak-client-id-in-capitals',
    title: 'The client id of the gateway is written in capitals',
    gateway: () => ({ clientId: 'MCPSERVER' }),
    ...both('keycloak-client-unknown'),
  },
  {
    name: 'keycloak-realm-in-capitals',
    title: 'The realm in the token endpoint has a capital letter',
    gateway: otherTokenUrl((url) => url.replace('/countries/', '/Countries/')),
    ...both('keycloak-realm-unknown'),
  },
  {
    name: 'keycloak-realm-master',
    title: 'The token endpoint is the one of the realm master',
    gateway: otherTokenUrl((url) => url.replace('/countries/', '/master/')),
    ...both('keycloak-client-unknown'),
  },
  {
    name: 'keycloak-path-of-older-releases',
    title: 'The token endpoint is below /auth, where it was until Keycloak 17',
    gateway: otherTokenUrl((url) => url.replace('/realms/', '/auth/realms/')),
    ...both('token-endpoint-wrong'),
  },
  {
    name: 'keycloak-issuer-of-older-releases',
    title: 'The issuer is configured below /auth, where it was until Keycloak 17',
    gateway: (lab) => ({ issuer: realmOf(lab).replace('/realms/', '/auth/realms/') }),
    explain: ['issuer-other-server'],
    doctor: ['issuer-metadata-missing'],
  },
  {
    name: 'keycloak-issuer-for-token-endpoint',
    title: "The token endpoint is configured as the realm's address",
    gateway: (lab) => ({ tokenUrl: realmOf(lab) }),
    ...both('token-endpoint-wrong'),
  },
  {
    name: 'keycloak-sign-in-for-token-endpoint',
    title: 'The token endpoint is configured as the authorization endpoint',
    gateway: otherTokenUrl((url) => url.replace(/token$/, 'auth')),
    ...both('token-endpoint-wrong'),
  },
  {
    name: 'keycloak-issuer-by-address',
    title: 'The issuer is configured by an address, and Keycloak calls itself by its name',
    gateway: (lab) => ({ issuer: realmOf(lab).replace('localhost', '127.0.0.1') }),
    ...both('issuer-foreign'),
  },
  {
    name: 'keycloak-audience-is-url',
    title: "The exchange asks for the API's URL, where an audience is a client",
    gateway: () => ({ exchangeAudience: 'https://api.example.com' }),
    ...both('keycloak-audience-unknown'),
  },
  {
    name: 'keycloak-audience-in-capitals',
    title: "The API's client is written with a capital letter",
    gateway: () => ({ exchangeAudience: 'Backend' }),
    ...both('keycloak-audience-unknown'),
  },
  {
    name: 'keycloak-audience-of-the-gateway',
    title: 'The exchange asks for the audience that the token has already',
    gateway: () => ({ exchangeAudience: 'mcpserver' }),
    ...both('keycloak-audience-not-available'),
  },
  {
    name: 'keycloak-openid-scope',
    title: 'The exchange asks for openid, which has no mapper for the audience',
    gateway: () => ({ exchangeScopes: ['openid'] }),
    ...both('keycloak-audience-not-available'),
  },
  {
    name: 'keycloak-client-for-scope',
    title: "The exchange asks for the API's client where a client scope belongs",
    gateway: () => ({ exchangeScopes: ['backend'] }),
    ...both('keycloak-scope-invalid'),
  },
  {
    name: 'keycloak-scope-in-capitals',
    title: 'The client scope is written with a capital letter',
    gateway: () => ({ exchangeScopes: ['Backend-API:read'] }),
    ...both('keycloak-scope-invalid'),
  },
  {
    name: 'keycloak-dpop-clock',
    title: 'The gateway proves a key (DPoP), and its clock is a minute ahead',
    gateway: () => ({ exchangeDpop: true }),
    clockAheadMs: 60_000,
    explain: ['keycloak-dpop-clock'],
    doctor: ['clock-ahead', 'keycloak-dpop-clock'],
  },
  {
    name: 'keycloak-dpop-by-address',
    title: 'The gateway proves a key (DPoP) for an address, and Keycloak calls itself by its name',
    gateway: (lab) => ({
      exchangeDpop: true,
      tokenUrl: lab.server('backend').tokenUrl.replace('localhost', '127.0.0.1'),
    }),
    ...both('keycloak-dpop-url'),
  },
];
