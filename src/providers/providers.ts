import type { Provider } from '../model/provider.ts';
import { auth0 } from './auth0/provider.ts';
import { entra } from './entra/provider.ts';
import { generic } from './generic/provider.ts';
import { keycloak } from './keycloak/provider.ts';
import { okta } from './okta/provider.ts';

/** Every provider that is known by name. The last takes what nobody else does. */
export const providers = [okta, keycloak, entra, auth0, generic] as const satisfies readonly Provider[];
