import type { Provider } from '../../model/provider.ts';
import { keycloakRefusals } from './refusals.ts';

/** A realm's issuer and its endpoints; until version 17, and where it is kept so, behind `/auth`. What has `/oauth2/` before
 * the realm is ForgeRock's.
 */
const path = /^(?!.*\/oauth2\/)(?:\/[\w.-]+)*\/realms\/[^/]+(?:\/protocol\/openid-connect(?:\/.*)?)?\/?$/;

export const keycloak: Provider = {
  name: 'keycloak',
  title: 'Keycloak',
  recognises: ({ pathname }) => path.test(pathname),
  exchangeParameters: {},
  refusals: keycloakRefusals,
  // Only for those who ask: a gateway needs nothing of it.
  inspect: async (expected, access) =>
    (await import('./inspect/inspect-keycloak.ts')).inspectKeycloak(expected, access),
};
