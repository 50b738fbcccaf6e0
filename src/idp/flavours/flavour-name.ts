/** The other providers `usher idp` can be, beside Okta. */
export type FlavourName = 'keycloak' | 'entra' | 'auth0';
