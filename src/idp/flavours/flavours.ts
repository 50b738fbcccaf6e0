import { auth0 } from './auth0/flavour.ts';
import { entra } from './entra/flavour.ts';
import type { FlavourName } from './flavour-name.ts';
import type { Flavour } from './flavour.ts';
import { keycloak } from './keycloak/flavour.ts';

/** What `usher idp --flavour` can be beside Okta. */
export const flavours = { keycloak, entra, auth0 } as const satisfies Readonly<Record<FlavourName, Flavour>>;
